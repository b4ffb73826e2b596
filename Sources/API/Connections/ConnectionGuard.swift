// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import NIOCore
import NIOHTTPTypes

/// How long a connection may take for what.
struct ConnectionLimits: Sendable {
    /// From its opening to the head of its first request.
    var head: TimeAmount
    /// From a request's head to the end of its body.
    var body: TimeAmount
    /// For accepting anything of an answer.
    var write: TimeAmount
    /// For reading the answer to a request that was not read to its end.
    var linger: TimeAmount = .seconds(2)
}

/// Closes connections that take too long, so that they cost nothing but their places, and knows when a caller closes one.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limits: ConnectionLimits
    private let registry: ConnectionRegistry
    private let connection = Connection()
    private var readDeadline: Scheduled<Void>?
    private var writeDeadline: Scheduled<Void>?
    /// Whether the answer that is being sent says that it is the last one.
    private var closesAfterAnswer = false

    init(limits: ConnectionLimits, registry: ConnectionRegistry) {
        self.limits = limits
        self.registry = registry
    }

    func handlerAdded(context: ChannelHandlerContext) {
        registry[context.channel] = connection
        if context.channel.isActive { readDeadline = closing(context.channel, in: limits.head) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(context)
    }

    func channelActive(context: ChannelHandlerContext) {
        readDeadline = closing(context.channel, in: limits.head)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(context)
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            connection.isReadingRequest = true
            readDeadline?.cancel()
            readDeadline = closing(context.channel, in: limits.body)
        case .body:
            break
        case .end:
            connection.isReadingRequest = false
            readDeadline?.cancel()
        }
        context.fireChannelRead(data)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // A caller who sends no more has gone away: none of our clients closes half of a connection.
        if case ChannelEvent.inputClosed = event { connection.close() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        writeDeadline?.cancel()
        writeDeadline = context.channel.isWritable ? nil : closing(context.channel, in: limits.write)
        context.fireChannelWritabilityChanged()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            closesAfterAnswer = head.headerFields[.connection] == "close"
        case .body:
            break
        case .end where closesAfterAnswer:
            let promise = promise ?? context.eventLoop.makePromise()
            promise.futureResult.whenComplete { [channel = context.channel, connection, limits] _ in
                guard connection.isReadingRequest else { return channel.close(promise: nil) }
                // Closing at once would make the caller, who is still sending, lose the answer.
                channel.close(mode: .output, promise: nil)
                channel.eventLoop.scheduleTask(in: limits.linger) { channel.close(promise: nil) }
            }
            context.write(data, promise: promise)
            return
        case .end:
            break
        }
        context.write(data, promise: promise)
    }

    private func closing(_ channel: any Channel, in time: TimeAmount) -> Scheduled<Void> {
        channel.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
    }

    private func end(_ context: ChannelHandlerContext) {
        readDeadline?.cancel()
        writeDeadline?.cancel()
        registry[context.channel] = nil
        connection.close()
    }
}
