// SPDX-License-Identifier: Apache-2.0

package import ImageCodec
package import Jobs

/// How the HTTP service answers.
package struct APIConfiguration: Sendable {
    /// The address to listen on.
    package var host = "127.0.0.1"
    /// The port to listen on.
    package var port = 8080
    /// Where callers reach this server, for the addresses in answers: `https://pictures.example.org`.
    ///
    /// Without it they are made of each request's `Host`, which is right unless a proxy changes it.
    package var publicBaseURL: PublicBaseURL?
    /// Whether callers need keys.
    package var auth = Auth.keys
    /// Who may read `/metrics`.
    package var metricsAccess = MetricsAccess.open
    /// What pictures cost callers with keys.
    package var prices = PriceTable.standard
    /// What a request for one picture without base64 gets when its `Accept` does not say.
    package var responseMode = ResponseMode.json
    /// What a request may ask for.
    package var limits = GenerationLimits()
    /// What a request gets for each field it does not say.
    package var defaults: GenerationDefaults
    /// What a reference picture may be.
    package var referenceLimits = DecodingLimits()
    /// How long pictures can be fetched: ``StorePolicy/imageLifetime``.
    package var imageLifetime = StorePolicy().imageLifetime
    /// Where webhooks may be sent and reference pictures be fetched.
    package var outbound = OutboundPolicy()

    /// The longest body read, in bytes.
    ///
    /// The default holds a reference picture of 20 MiB as base64.
    package var maxBodyBytes = 32 << 20
    /// How many bytes there may be of all bodies that are being read.
    package var maxBodyMemory = 256 << 20
    /// How many reference pictures may be decoded or wait for it at once.
    package var maxPendingReferences = 8
    /// How many reference pictures may be fetched at once.
    package var maxPendingFetches = 16
    /// How many requests of one key may wait for news of jobs at once.
    package var maxWaitsPerKey = 64
    /// How many connections may be open; further ones wait to be accepted.
    package var maxConnections = 900
    /// How many requests may wait for anything, so that connections are left for those who ask whether the server is well.
    package var maxWaits: Int { max(1, maxConnections * 9 / 10) }
    /// How many requests of one key may wait for pictures, so that the others find a place too.
    package var maxPictureWaitsPerKey: Int { max(1, maxConnections / 2) }
    /// How long a new connection may take to send the head of its first request.
    package var headTimeout = Duration.seconds(15)
    /// How long a request's body may take.
    package var bodyTimeout = Duration.seconds(60)
    /// How long a caller may refuse to read.
    package var writeTimeout = Duration.seconds(60)
    /// How long a connection may be silent before it is closed, unless an answer is being made.
    package var idleTimeout = Duration.seconds(60)
    /// How long those who wait for pictures go on waiting once the server shuts down, before they are told where to ask
    /// for them later.
    package var drainPatience = Duration.seconds(5)
    /// How often a stream of events says that it is alive when there is nothing else to say.
    package var heartbeatInterval = Duration.seconds(15)

    /// The documented service for a model with these defaults.
    package init(defaults: GenerationDefaults) {
        self.defaults = defaults
    }

    /// Whether callers need keys.
    package enum Auth: String, CaseIterable, Sendable {
        /// They do.
        case keys
        /// Nobody needs one, and nothing costs anything: for a trusted network.
        case none
    }

    /// Who may read `/metrics`.
    package enum MetricsAccess: String, CaseIterable, Sendable {
        /// Everybody.
        case open
        /// Those whose key has the scope `admin`.
        case admin
    }

    /// What a request for one picture without base64 gets when its `Accept` does not say.
    package enum ResponseMode: String, CaseIterable, Sendable {
        /// JSON with the picture's address.
        case json
        /// The picture's bytes, which the hosted service answered with at first and its client of 2023 needs.
        case image
    }
}
