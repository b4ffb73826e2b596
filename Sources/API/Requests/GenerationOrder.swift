// SPDX-License-Identifier: Apache-2.0

import Jobs

/// A request for pictures that was read and checked: all that is kept of its body.
struct GenerationOrder {
    /// Where it was sent.
    var endpoint: GenerationEndpoint
    /// What to make.
    var generation: GenerationRequest
    /// How the pictures go to the caller.
    var delivery: Delivery
    /// What the addresses in answers start with.
    var base: PublicBaseURL
    /// What was not understood, one sentence each.
    var warnings: [String]
    /// Who wants to be told of the end.
    var webhook: OutboundURL?
    /// What makes a repetition of the request the same job.
    var idempotency: Idempotency?
    /// The other API it was sent in; `nil` for this server's own.
    var surface: Surface?

    /// What the job's record carries for those who answer for it later.
    var attachment: JobAttachment {
        JobAttachment(
            base: base.description,
            base64: delivery == .base64,
            samples: generation.samples,
            warnings: warnings,
            surface: surface
        )
    }
}
