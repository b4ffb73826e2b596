// SPDX-License-Identifier: Apache-2.0

import Jobs

/// The JSON answer that says where a request is.
struct JobStatusResponse: Encodable {
    let requestID: String
    let status: JobStatus
    let model: String
    /// Where to ask for the result.
    let pollURL: String
    let statusURL: String
    let responseURL: String
    let eventsURL: String
    /// How many requests come before, while it waits.
    var queuePosition: Int?
    /// The picture being made, from 1, its steps that are done, and its steps in all.
    var sample: Int?
    var step: Int?
    var steps: Int?
    /// Seconds until the pictures should be there.
    var eta: Double?
    /// Why there are no pictures.
    var error: String?
    var code: String?
    var metrics: JobMetrics

    /// A job, asked about at `base`.
    init(_ job: Job, base: PublicBaseURL, now: Timestamp? = nil, balance: Credits? = nil) {
        let address = "requests/\(job.id)"
        requestID = job.id.description
        status = JobStatus(job.lifecycle.state)
        model = job.endpoint
        pollURL = "\(base)/v1/\(address)"
        statusURL = "\(base)/v2/\(address)/status"
        responseURL = "\(base)/v2/\(address)"
        eventsURL = "\(base)/v2/\(address)/events"
        queuePosition = job.queuePosition
        if let progress = job.progress {
            sample = progress.sample + 1
            step = progress.step
            steps = progress.steps
            eta =
                job.started.flatMap { started in
                    now.flatMap { progress.remaining(of: job.details.samples, after: started.duration(to: $0)) }
                }?
                .roundedSeconds
        }
        if case .ended(let end) = job.lifecycle.state, let failure = APIError(end) {
            error = failure.message
            code = failure.code.rawValue
        }
        metrics = JobMetrics(of: job, balance: balance)
    }

    enum CodingKeys: String, CodingKey {
        case status, model, sample, step, steps, eta, error, code, metrics
        case requestID = "request_id"
        case pollURL = "poll_url"
        case statusURL = "status_url"
        case responseURL = "response_url"
        case eventsURL = "events_url"
        case queuePosition = "queue_position"
    }
}

extension GenerationProgress {
    /// How long the rest takes if it goes on as it did; `nil` before the first step.
    fileprivate func remaining(of samples: Int, after elapsed: Duration) -> Duration? {
        let done = sample * steps + step
        guard done > 0, elapsed > .zero else { return nil }
        return elapsed / done * max(samples * steps - done, 0)
    }
}
