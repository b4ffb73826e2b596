// SPDX-License-Identifier: Apache-2.0

import Foundation
import Jobs

/// How far the web UI's current request is.
struct Automatic1111Progress: Encodable {
    /// What the web UI says about its work.
    struct State: Encodable {
        let skipped = false
        let interrupted = false
        let stoppingGeneration = false
        /// The request's id, or nothing.
        var job = ""
        var jobCount = 0
        var jobTimestamp = "0"
        var jobNumber = 0
        var samplingStep = 0
        var samplingSteps = 0

        enum CodingKeys: String, CodingKey {
            case skipped, interrupted, job
            case stoppingGeneration = "stopping_generation"
            case jobCount = "job_count"
            case jobTimestamp = "job_timestamp"
            case jobNumber = "job_no"
            case samplingStep = "sampling_step"
            case samplingSteps = "sampling_steps"
        }
    }

    /// From 0 to 1.
    private(set) var progress = 0.0
    /// Seconds until the pictures should be there.
    private(set) var eta = 0.0
    private(set) var state = State()
    /// A sketch as base64 text.
    var currentImage: String?
    private(set) var text: String?

    /// Nothing is being made.
    init() {}

    /// The state of a job that is not over.
    init(of job: Job, base: PublicBaseURL, now: Timestamp) {
        let samples = job.details.samples
        state.job = job.id.description
        state.jobCount = samples
        state.jobTimestamp = job.submitted.iso8601
        guard let made = job.progress else {
            text = "Waiting"
            return
        }
        state.jobNumber = made.sample
        state.samplingStep = made.step
        state.samplingSteps = made.steps
        progress = Double(made.sample * made.steps + made.step) / Double(max(samples * made.steps, 1))
        eta = JobStatusResponse(job, base: base, now: now).eta ?? 0
    }

    enum CodingKeys: String, CodingKey {
        case progress, state
        case eta = "eta_relative"
        case currentImage = "current_image"
        case text = "textinfo"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(progress, forKey: .progress)
        try container.encode(eta, forKey: .eta)
        try container.encode(state, forKey: .state)
        // Clients look for the names even when there is nothing.
        try container.encode(currentImage, forKey: .currentImage)
        try container.encode(text, forKey: .text)
    }
}
