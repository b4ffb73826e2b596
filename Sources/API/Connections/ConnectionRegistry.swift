// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// The open connections, by their channels.
final class ConnectionRegistry: Sendable {
    private let connections = Mutex<[ObjectIdentifier: Connection]>([:])

    /// The connection of a channel that ``ConnectionGuard`` watches; `nil` for any other.
    subscript(channel: any Channel) -> Connection? {
        get { connections.withLock { $0[ObjectIdentifier(channel)] } }
        set { connections.withLock { $0[ObjectIdentifier(channel)] = newValue } }
    }
}
