// SPDX-License-Identifier: Apache-2.0

import Jobs

/// A job in the words of Replicate's API.
struct ReplicatePrediction {
    let job: Job
    /// What was asked for; `nil` once its record is gone.
    let request: GenerationRequest?
    let base: PublicBaseURL

    /// The prediction.
    ///
    /// - Parameter isNew: Whether this answers its creation. Clients that waited take everything but `starting` for an end.
    func json(isNew: Bool = false) throws -> JSONValue {
        let model = try GenerationEndpoint(replicateVersion: job.endpoint)
        let address = "\(base)/v1/predictions/\(job.id)"
        let status = isNew && !job.lifecycle.isEnded ? "starting" : status
        return [
            "id": .text(job.id.description),
            "model": .text(model.replicateName),
            "version": .text(model.replicateVersion),
            "status": .text(status),
            "input": request.map(ReplicateInput.json) ?? [:],
            "output": output,
            "logs": .text(logs),
            "error": error,
            "metrics": metrics,
            "data_removed": .boolean(request == nil),
            "created_at": .text(job.submitted.iso8601),
            "started_at": time(job.started),
            "completed_at": time(job.ended),
            "urls": ["get": .text(address), "cancel": .text("\(address)/cancel")],
        ]
    }

    private var status: String {
        switch job.lifecycle.state {
        case .queued: "starting"
        case .leased: "processing"
        case .ended(.completed): "succeeded"
        case .ended(.failed), .ended(.expired): "failed"
        case .ended(.cancelled): "canceled"
        }
    }

    private var output: JSONValue {
        guard let images = job.result?.images, !images.isEmpty else { return .null }
        return .texts(images.map { base.address(of: $0) })
    }

    /// A progress bar, out of which clients read how far a prediction is; then the warnings.
    private var logs: String {
        guard let progress = job.progress else {
            return ((job.result?.warnings ?? []) + job.details.warnings).joined(separator: "\n")
        }
        let total = max(job.details.samples * progress.steps, 1)
        let done = min(progress.sample * progress.steps + progress.step, total)
        let bar = String(repeating: "█", count: done * 10 / total).padding(to: 10)
        return "\(done * 100 / total)%|\(bar)| \(done)/\(total)"
    }

    private var error: JSONValue {
        guard case .ended(let end) = job.lifecycle.state, end != .cancelled, let error = APIError(end) else {
            return .null
        }
        return .text(error.message)
    }

    private var metrics: JSONValue {
        let metrics = JobMetrics(of: job)
        var fields: [String: JSONValue] = [:]
        fields["predict_time"] = metrics.inferenceTime.map(JSONValue.number)
        fields["total_time"] = metrics.totalTime.map(JSONValue.number)
        return .object(fields)
    }

    private func time(_ time: Timestamp?) -> JSONValue { time.map { .text($0.iso8601) } ?? .null }
}

extension String {
    fileprivate func padding(to length: Int) -> String {
        self + String(repeating: " ", count: max(length - count, 0))
    }
}
