// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import ImageCodec
import Jobs
import NIOCore
import ServiceLifecycle

/// What happens to a job, as a stream of events that ends with the job.
struct JobEventStream: Sendable {
    let job: Job
    let base: PublicBaseURL
    let answers: JobAnswers
    let heartbeatInterval: Duration

    /// The answer that streams the events after `last`.
    ///
    /// - Parameter place: The caller's place among those that wait, which is kept as long as the stream is.
    func response(after last: JobEvent.ID?, _ context: APIRequestContext, place: WaitLimit.Place) -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: "text/event-stream; charset=utf-8",
                .cacheControl: "no-store",
                .accelBuffering: "no",
            ],
            body: ResponseBody { writer in
                try await writer.write(ServerSentEvent.opening)
                var last = last
                while let news = try await context.whileCallerWaits({ [last] in try await news(after: last) }) {
                    last = news.last ?? last
                    try await writer.write(news.bytes)
                    if news.isLast { break }
                }
                try await writer.finish(nil)
                withExtendedLifetime(place) {}
            }
        )
    }

    /// What is written at once.
    private struct News: Sendable {
        var bytes: ByteBuffer
        /// The newest event in it; `nil` for a heartbeat.
        var last: JobEvent.ID?
        var isLast: Bool
    }

    /// The events after `last`, or a heartbeat if there are none for a while; `nil` at the end of the stream.
    private func news(after last: JobEvent.ID?) async throws -> News? {
        let clock = ContinuousClock()
        let deadline = clock.now + heartbeatInterval
        // A server that shuts down ends its streams: their readers come back to the one that follows.
        while !Task.isShuttingDownGracefully {
            let left = deadline - clock.now
            guard left > .zero else { break }
            let events = try await answers.store.events(
                of: job.id,
                after: last,
                waitingUpTo: min(left, JobWatcher.slice)
            )
            guard events.isEmpty else { return try await news(of: events) }
            try Task.checkCancellation()
            if try await answers.store.isOver(job.id) {
                let rest = try await answers.store.events(of: job.id, after: last, waitingUpTo: .zero)
                return rest.isEmpty ? nil : try await news(of: rest)
            }
        }
        return Task.isShuttingDownGracefully ? nil : News(bytes: ServerSentEvent.heartbeat, last: nil, isLast: false)
    }

    private func news(of events: [JobEvent]) async throws -> News {
        var news = News(bytes: ByteBuffer(), last: events.last?.id, isLast: false)
        for event in events {
            var bytes = try await message(for: event).bytes
            news.bytes.writeBuffer(&bytes)
            if case .ended = event.kind { news.isLast = true }
        }
        return news
    }

    private func message(for event: JobEvent) async throws -> ServerSentEvent {
        let (name, data): (String, any Encodable) =
            switch event.kind {
            case .queued: ("queued", StageMessage(of: try await current(), status: .queued))
            case .started: ("started", StageMessage(of: job, status: .processing))
            case .progress(let progress): ("progress", ProgressMessage(progress, of: job))
            case .ended(.completed): ("completed", try await result())
            case .ended(.failed), .ended(.expired): ("failed", JobStatusResponse(try await current(), base: base))
            case .ended(.cancelled): ("cancelled", JobStatusResponse(try await current(), base: base))
            }
        return ServerSentEvent(id: event.id, name: name, data: try JSONEncoder.api.encode(data))
    }

    private func current() async throws -> Job {
        try await JobWatcher(store: answers.store).job(job.id, of: job.account)
    }

    private func result() async throws -> GenerationResponse {
        let job = try await current()
        // Addresses, because a stream is no place for megabytes.
        return try await answers.response(
            to: job,
            at: base,
            base64: false,
            metrics: JobMetrics(of: job),
            asksLater: true
        )
    }
}

/// That a job waits, or that a worker has begun.
private struct StageMessage: Encodable {
    let requestID: String
    let status: JobStatus
    /// How many jobs come before, if it waits now.
    let queuePosition: Int?

    init(of job: Job, status: JobStatus) {
        requestID = job.id.description
        self.status = status
        queuePosition = status == .queued ? job.queuePosition : nil
    }

    enum CodingKeys: String, CodingKey {
        case status
        case requestID = "request_id"
        case queuePosition = "queue_position"
    }
}

/// How far a job is, perhaps with a sketch.
private struct ProgressMessage: Encodable {
    let requestID: String
    let status = JobStatus.processing
    /// The picture being made, from 1.
    let sample: Int
    let step: Int
    let steps: Int
    /// A small picture as base64 text.
    let preview: String?
    let previewType: String?

    init(_ progress: JobProgress, of job: Job) {
        requestID = job.id.description
        sample = progress.progress.sample + 1
        step = progress.progress.step
        steps = progress.progress.steps
        preview = progress.preview.map { Data($0.bytes).base64EncodedString() }
        previewType = progress.preview?.format.mediaType
    }

    enum CodingKeys: String, CodingKey {
        case status, sample, step, steps, preview
        case requestID = "request_id"
        case previewType = "preview_type"
    }
}
