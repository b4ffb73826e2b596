// SPDX-License-Identifier: Apache-2.0

import Foundation
import Jobs

/// The JSON answer that lists requests.
struct HistoryResponse: Encodable {
    /// One request.
    struct Entry: Encodable {
        let requestID: String
        let status: JobStatus
        let model: String
        let createdAt: String
        let endedAt: String?
        let images: [GenerationResponse.Image]
        let code: String?
        let metrics: JobMetrics

        init(_ job: Job, base: PublicBaseURL) {
            requestID = job.id.description
            status = JobStatus(job.lifecycle.state)
            model = job.endpoint
            createdAt = job.submitted.iso8601
            endedAt = job.ended?.iso8601
            images = (job.result?.images ?? []).map { image in
                .init(image, url: base.address(of: image), base64: nil)
            }
            code = if case .ended(let end) = job.lifecycle.state { APIError(end)?.code.rawValue } else { nil }
            metrics = JobMetrics(of: job)
        }

        enum CodingKeys: String, CodingKey {
            case status, model, images, code, metrics
            case requestID = "request_id"
            case createdAt = "created_at"
            case endedAt = "ended_at"
        }
    }

    let requests: [Entry]
    /// What to send as `cursor` for the next part; nothing at the end.
    let nextCursor: String?

    init(_ page: JobPage, base: PublicBaseURL) {
        requests = page.jobs.map { Entry($0, base: base) }
        nextCursor = page.next?.description
    }

    enum CodingKeys: String, CodingKey {
        case requests
        case nextCursor = "next_cursor"
    }
}

extension Timestamp {
    /// The moment as text, to the millisecond, in UTC.
    var iso8601: String {
        date.formatted(
            .iso8601.year().month().day().timeZone(separator: .omitted).time(includingFractionalSeconds: true)
        )
    }
}
