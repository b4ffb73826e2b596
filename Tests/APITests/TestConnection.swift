// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// A bare connection to this machine.
func withConnection(
    to port: Int,
    _ body:
        @Sendable (
            NIOAsyncChannelInboundStream<ByteBuffer>, NIOAsyncChannelOutboundWriter<ByteBuffer>
        ) async throws -> Void
) async throws {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connect(host: "localhost", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
    try await channel.executeThenClose { inbound, outbound in try await body(inbound, outbound) }
}

/// All that comes until the other side closes.
func text(_ inbound: NIOAsyncChannelInboundStream<ByteBuffer>) async throws -> String {
    var text = ""
    for try await buffer in inbound { text += String(buffer: buffer) }
    return text
}
