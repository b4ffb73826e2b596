// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// Finds the address of a host.
struct HostResolver: Sendable {
    private let lookUp: @Sendable (String) async throws -> IPAddress?

    /// A resolver that looks names up with `lookUp`, which returns `nil` for a name that is not known.
    init(_ lookUp: @escaping @Sendable (String) async throws -> IPAddress?) {
        self.lookUp = lookUp
    }

    /// The operating system's.
    static let system = HostResolver { host in
        try await NIOThreadPool.singleton.runIfActive {
            (try? SocketAddress.makeAddressResolvingHost(host, port: 0)).flatMap { IPAddress($0) }
        }
    }

    /// The one address that is going to be used.
    func address(of host: String) async throws(OutboundError) -> IPAddress {
        guard let address = try? await lookUp(host) else { throw .unknownHost }
        return address
    }
}
