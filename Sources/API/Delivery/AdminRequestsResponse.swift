// SPDX-License-Identifier: Apache-2.0

import Jobs

/// The JSON answer that lists requests of all accounts: whose they are and what became of them, not what they asked for.
struct AdminRequestsResponse: Encodable {
    /// One request.
    struct Entry: Encodable {
        let requestID: String
        let account: String
        let status: JobStatus
        let model: String
        let createdAt: String
        let endedAt: String?
        /// Why there are no pictures.
        let error: String?
        let code: String?
        let metrics: JobMetrics

        init(_ job: Job) {
            let failure: APIError? = if case .ended(let end) = job.lifecycle.state { APIError(end) } else { nil }
            requestID = job.id.description
            account = job.account.description
            status = JobStatus(job.lifecycle.state)
            model = job.endpoint
            createdAt = job.submitted.iso8601
            endedAt = job.ended?.iso8601
            error = failure?.message
            code = failure?.code.rawValue
            metrics = JobMetrics(of: job)
        }

        enum CodingKeys: String, CodingKey {
            case account, status, model, error, code, metrics
            case requestID = "request_id"
            case createdAt = "created_at"
            case endedAt = "ended_at"
        }
    }

    let requests: [Entry]
    /// What to send as `cursor` for the next part; nothing at the end.
    let nextCursor: String?

    init(_ jobs: [Job], next: JobPage.Cursor? = nil) {
        requests = jobs.map(Entry.init)
        nextCursor = next?.description
    }

    enum CodingKeys: String, CodingKey {
        case requests
        case nextCursor = "next_cursor"
    }
}
