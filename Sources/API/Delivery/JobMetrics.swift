// SPDX-License-Identifier: Apache-2.0

import Jobs

/// What a request took and cost, in seconds and credits, as far as it is known.
struct JobMetrics: Encodable {
    var queueTime: Double?
    var inferenceTime: Double?
    var totalTime: Double?
    var cost: Double?
    var remainingCredits: Double?

    /// What a job's record says.
    ///
    /// - Parameters:
    ///   - totalTime: How long the caller waited; from the submission to the end for `nil`.
    ///   - balance: What the account has left.
    init(of job: Job, totalTime: Duration? = nil, balance: Credits? = nil) {
        queueTime = job.result?.timings.queue.roundedSeconds
        inferenceTime = job.result?.timings.inference.roundedSeconds
        self.totalTime = (totalTime ?? job.ended.map { job.submitted.duration(to: $0) })?.roundedSeconds
        if job.lifecycle.state == .ended(.completed) { cost = job.price.value }
        remainingCredits = balance?.value
    }

    enum CodingKeys: String, CodingKey {
        case queueTime = "queue_time"
        case inferenceTime = "inference_time"
        case totalTime = "total_time"
        case cost
        case remainingCredits = "remaining_credits"
    }
}
