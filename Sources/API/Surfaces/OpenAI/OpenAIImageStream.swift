// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import ImageCodec
import Jobs
import ServiceLifecycle

/// A request's pictures as events: a few sketches on the way, then each picture.
struct OpenAIImageStream: Sendable {
    let kind: OpenAIController.Kind
    /// How many sketches are sent at most.
    let partialImages: Int
    let order: GenerationOrder
    let receipt: JobSubmitter.Receipt
    /// The caller's place among those who wait for pictures, which is kept as long as the stream is.
    let picturePlace: WaitLimit.Place
    /// Its place among those that repeat a request, if it does.
    let place: WaitLimit.Place?
    let service: GenerationService
    let answers: JobAnswers

    /// The answer that streams the events.
    ///
    /// A caller who leaves cancels the job.
    func response(_ context: APIRequestContext) async throws -> Response {
        let wish = service.wish(for: receipt)
        var headers = try await answers.headers(of: receipt)
        headers[.contentType] = "text/event-stream; charset=utf-8"
        headers[.accelBuffering] = "no"
        return Response(
            status: .ok,
            headers: headers,
            body: ResponseBody { writer in
                do {
                    var reader = Reader(stream: self)
                    while let bytes = try await reader.next(context) { try await writer.write(bytes) }
                    try await writer.finish(nil)
                    wish?.end()
                } catch {
                    // Whatever broke the stream, its reader does not get the pictures.
                    try await wish?.endEarly(context)
                    throw error
                }
                withExtendedLifetime((place, picturePlace)) {}
            }
        )
    }

    /// Follows the job.
    private struct Reader {
        let stream: OpenAIImageStream
        private var last: JobEvent.ID?
        private var sketches = 0
        private var isOver = false

        init(stream: OpenAIImageStream) {
            self.stream = stream
        }

        /// What to write next; `nil` at the end.
        mutating func next(_ context: APIRequestContext) async throws -> ByteBuffer? {
            guard !isOver else { return nil }
            guard !Task.isShuttingDownGracefully else { return try await stop() }
            let job = stream.receipt.job
            let events = try await context.whileCallerWaits { [store = stream.service.store, last] in
                try await store.events(of: job.id, after: last, waitingUpTo: JobWatcher.slice)
            }
            var bytes = ByteBuffer()
            for event in events {
                last = event.id
                switch event.kind {
                case .queued, .started: break
                case .progress(let progress):
                    guard var next = try sketch(progress)?.bytes else { break }
                    bytes.writeBuffer(&next)
                case .ended:
                    var rest = try await end()
                    bytes.writeBuffer(&rest)
                }
            }
            // A job may be over without an event when its record is all that is left.
            if events.isEmpty, try await stream.service.store.isOver(job.id) { return try await end() }
            return bytes.readableBytes > 0 ? bytes : ServerSentEvent.heartbeat
        }

        /// The event with a sketch, if one is due: they are spread over the steps.
        private mutating func sketch(_ progress: JobProgress) throws -> ServerSentEvent? {
            guard let preview = progress.preview, sketches < stream.partialImages else { return nil }
            let done = Double(progress.progress.step) / Double(max(progress.progress.steps, 1))
            guard done >= Double(sketches) / Double(stream.partialImages + 1) else { return nil }
            defer { sketches += 1 }
            return try stream.event("partial_image") { type in
                OpenAIImageEvent(
                    type: type,
                    b64JSON: Data(preview.bytes).base64EncodedString(),
                    partialImageIndex: sketches,
                    createdAt: stream.service.store.now.unixSeconds,
                    outputFormat: preview.format.rawValue,
                    size: stream.order.generation.openAISize
                )
            }
        }

        /// The pictures, or why there are none.
        private mutating func end() async throws -> ByteBuffer {
            isOver = true
            let job = try await stream.current()
            if case .ended(let end) = job.lifecycle.state, let error = APIError(end) {
                return try stream.failure(error).bytes
            }
            var bytes = ByteBuffer()
            for image in job.result?.images ?? [] {
                let text = try await stream.answers.text(of: image)
                let event = try stream.event("completed") { type in
                    OpenAIImageEvent(
                        type: type,
                        b64JSON: text,
                        createdAt: (job.ended ?? stream.service.store.now).unixSeconds,
                        outputFormat: image.format.rawValue,
                        size: stream.order.generation.openAISize,
                        seed: image.seed.value
                    )
                }
                var next = event.bytes
                bytes.writeBuffer(&next)
            }
            return bytes
        }

        /// The end of a stream whose server shuts down.
        private mutating func stop() async throws -> ByteBuffer {
            isOver = true
            do {
                _ = try await stream.service.stop(stream.receipt.job)
            } catch let error as APIError {
                return try stream.failure(error).bytes
            }
            return try await end()
        }
    }

    private func current() async throws -> Job {
        try await JobWatcher(store: service.store).job(receipt.job.id, of: receipt.job.account)
    }

    private func event(_ name: String, _ data: (String) -> OpenAIImageEvent) throws -> ServerSentEvent {
        let type = "\(kind.eventPrefix).\(name)"
        return ServerSentEvent(name: type, data: try JSONEncoder.api.encode(data(type)))
    }

    private func failure(_ error: APIError) throws -> ServerSentEvent {
        let body = OpenAIErrors().body(of: error, requestID: receipt.job.id.description)
        return ServerSentEvent(name: "error", data: try JSONEncoder.api.encode(body))
    }
}
