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
        try await threads.runIfActive {
            (try? SocketAddress.makeAddressResolvingHost(host, port: 0)).flatMap { IPAddress($0) }
        }
    }

    /// For lookups alone: one of a name whose servers are away holds its thread for tens of seconds.
    private static let threads: NIOThreadPool = {
        let threads = NIOThreadPool(numberOfThreads: 16)
        threads.start()
        return threads
    }()

    /// The one address that is going to be used; a task that is cancelled waits no longer for it.
    func address(of host: String) async throws(OutboundError) -> IPAddress {
        let (answers, continuation) = AsyncStream.makeStream(of: IPAddress?.self)
        // No child of this task, which would end no sooner than it: a lookup that has begun cannot be stopped.
        Task {
            continuation.yield(try? await lookUp(host))
            continuation.finish()
        }
        for await case let address? in answers { return address }
        throw .unknownHost
    }
}
