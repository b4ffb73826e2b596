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
    /// What a request for one picture without base64 gets when its `Accept` does not say.
    package var responseMode = ResponseMode.json
    /// The longest body read, in bytes.
    ///
    /// The default holds a reference picture of 20 MiB as base64.
    package var maxBodyBytes = 32 << 20
    /// What a request may ask for.
    package var limits = GenerationLimits()
    /// What a request gets for each field it does not say.
    package var defaults: GenerationDefaults
    /// What a reference picture may be.
    package var referenceLimits = DecodingLimits()
    /// How many reference pictures may be read or wait for it at once.
    package var maxPendingReferences = 8
    /// How long a connection may be silent before it is closed, unless an answer is being made.
    package var idleTimeout = Duration.seconds(60)

    /// The documented service for a model with these defaults.
    package init(defaults: GenerationDefaults) {
        self.defaults = defaults
    }

    /// What a request for one picture without base64 gets when its `Accept` does not say.
    package enum ResponseMode: String, CaseIterable, Sendable {
        /// JSON with the picture's address.
        case json
        /// The picture's bytes, which the hosted service answered with at first.
        ///
        /// Not enough for its client of 2023, which also reads `x-remaining-credits`: this service has no credits to tell.
        case image
    }
}
