// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// What is sent to an address that a caller gave.
struct OutboundRequest: Sendable {
    var url: OutboundURL
    /// Without a body it is GET, with one POST.
    var body: Data?
    var headers: [(name: String, value: String)] = []

    init(url: OutboundURL, body: Data? = nil, headers: [(name: String, value: String)]) {
        self.url = url
        self.body = body
        self.headers = headers
    }
}

/// What came back.
struct OutboundResponse: Sendable {
    var status: Int
    var body: [UInt8]
}

/// Connects to addresses that callers gave, as far as the operator's policy goes.
///
/// A name is looked up once, here. The address found is checked, and the connection is made to that address and no other,
/// so that a name that changes its meaning in between gains nothing. Redirects are followed here too, one by one under the
/// same rules, or not at all.
struct OutboundClient: Sendable {
    let policy: OutboundPolicy
    var resolver = HostResolver.system

    /// Sends a request and reads the answer, of at most `maxBytes`, within `timeout` in all.
    ///
    /// - Parameter maxBytes: `nil` for an answer of which the status is all that counts; its body is not waited for.
    func send(
        _ request: OutboundRequest,
        maxBytes: Int?,
        timeout: Duration,
        maxRedirects: Int = 0
    ) async throws(OutboundError) -> OutboundResponse {
        let deadline = NIODeadline.now() + TimeAmount(timeout)
        var request = request
        var redirects = 0
        while true {
            switch try await exchange(request, maxBytes: maxBytes, deadline: deadline) {
            case .response(let response):
                return response
            case .redirect(let status, let location):
                guard let location, maxRedirects > 0 else { return OutboundResponse(status: status, body: []) }
                redirects += 1
                guard redirects <= maxRedirects else { throw .tooManyRedirects }
                request.url = try request.url.redirected(to: location, policy: policy)
            }
        }
    }

    private enum Exchange: Sendable {
        case response(OutboundResponse)
        case redirect(status: Int, location: String?)
    }

    /// One request and its answer, by a connection of its own to an address that was checked.
    private func exchange(
        _ request: OutboundRequest,
        maxBytes: Int?,
        deadline: NIODeadline
    ) async throws(OutboundError) -> Exchange {
        do {
            return try await withDeadline(deadline) {
                let configuration = try await configuration(for: request.url)
                return try await HTTPClient.withHTTPClient(configuration: configuration) { client in
                    let response = try await client.execute(HTTPClientRequest(request), deadline: deadline)
                    let status = Int(response.status.code)
                    guard !(300..<400).contains(status) else {
                        return .redirect(status: status, location: response.headers.first(name: "location"))
                    }
                    guard let maxBytes else { return .response(OutboundResponse(status: status, body: [])) }
                    do {
                        let body = try await response.body.collect(upTo: maxBytes)
                        return .response(OutboundResponse(status: status, body: Array(body.readableBytesView)))
                    } catch is NIOTooManyBytesError {
                        throw OutboundError.tooLarge(maxBytes: maxBytes)
                    }
                }
            }
        } catch let error as OutboundError {
            throw error
        } catch let error as HTTPClientError
            where [.deadlineExceeded, .connectTimeout, .readTimeout].contains(error)
        {
            throw .timedOut
        } catch {
            throw .unreachable
        }
    }

    private func configuration(for url: OutboundURL) async throws(OutboundError) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.httpVersion = .http1Only
        configuration.timeout.connect = .seconds(5)
        // An address was checked when it was read; a name is pinned to the address that is checked here.
        guard IPAddress(url.host) == nil else { return configuration }
        let address = try await resolver.address(of: url.host)
        guard policy.allowsPrivateAddresses || address.isPublic else { throw .notPublic }
        configuration.dnsOverride = [url.host: address.text]
        return configuration
    }

    /// Does `operation`, which looking a name up may keep for longer than the client knows of.
    private func withDeadline<Value: Sendable>(
        _ deadline: NIODeadline,
        _ operation: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask { try await operation() }
            group.addTask {
                try await Task.sleep(for: Duration(deadline - .now()))
                throw OutboundError.timedOut
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() else { throw CancellationError() }
            return value
        }
    }
}

extension HTTPClientRequest {
    fileprivate init(_ request: OutboundRequest) {
        self.init(url: request.url.description)
        method = request.body == nil ? .GET : .POST
        headers = HTTPHeaders(request.headers)
        headers.add(name: "user-agent", value: "Darkroom")
        if let body = request.body { self.body = .bytes(body) }
    }
}
