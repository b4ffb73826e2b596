// SPDX-License-Identifier: Apache-2.0

extension MetricDescription {
    private static let quick = Kind.histogram(bounds: [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10,
    ])
    private static let slow = Kind.histogram(
        bounds: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]
    )

    /// Every metric there is; what is not here is not counted.
    package static let all = [
        // The server
        MetricDescription(
            "darkroom_http_requests_total",
            .counter,
            labels: ["method", "route", "status"],
            "Requests that were answered."
        ),
        MetricDescription(
            "darkroom_http_request_seconds",
            slow,
            labels: ["route"],
            "Time from a request's head to its answer's."
        ),
        MetricDescription(
            "darkroom_webhook_attempts_total",
            .counter,
            labels: ["result"],
            "Attempts to deliver webhooks: delivered, refused (another status than 2xx) or failed (no answer)."
        ),

        // The store
        MetricDescription("darkroom_jobs_queued", .gauge, "Jobs that wait for a worker."),
        MetricDescription("darkroom_jobs_running", .gauge, "Jobs that workers have."),
        MetricDescription(
            "darkroom_queue_oldest_seconds",
            .gauge,
            "How long the job that was submitted first of those that wait has waited."
        ),
        MetricDescription("darkroom_workers", .gauge, labels: ["state"], "Workers by what they do."),
        MetricDescription("darkroom_credits_revenue", .gauge, "Credits paid for completed jobs."),

        // The supervisor
        MetricDescription("darkroom_worker_starts_total", .counter, "Worker processes that were started."),
        MetricDescription(
            "darkroom_worker_ends_total",
            .counter,
            labels: ["end"],
            "Worker processes that ended: left (nothing to do, or told to stop) or crashed."
        ),

        // The workers
        MetricDescription(
            "darkroom_cold_start_seconds",
            slow,
            "Time from a worker's start to its first evaluation's end."
        ),
        MetricDescription("darkroom_job_queue_seconds", slow, "Time that jobs waited for a worker."),
        MetricDescription("darkroom_job_seconds", slow, "Time from a job's claim to its result."),
        MetricDescription(
            "darkroom_jobs_total",
            .counter,
            labels: ["outcome"],
            "Jobs that workers ended: completed, or the code of the failure."
        ),
        MetricDescription("darkroom_pictures_total", .counter, "Pictures of completed jobs."),
        MetricDescription("darkroom_encode_seconds", quick, "Time to encode a job's prompts and reference picture."),
        MetricDescription("darkroom_evaluation_seconds", slow, "Time of one evaluation of the UNet."),
        MetricDescription(
            "darkroom_evaluation_pictures",
            .histogram(bounds: [1, 2, 3, 4, 6, 8, 12, 16, 32]),
            "Pictures that share an evaluation of the UNet."
        ),
        MetricDescription("darkroom_decode_seconds", slow, "Time to decode a picture and write its file."),
    ]
}
