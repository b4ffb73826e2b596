// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import ImageCodec
import Jobs

/// Writes answers about jobs.
struct JobAnswers: Sendable {
    let store: any JobStore & AccountStore

    /// The answer to a caller who waited for the pictures.
    func pictures(
        _ receipt: JobSubmitter.Receipt,
        _ order: GenerationOrder,
        totalTime: Duration
    ) async throws -> Response {
        let job = receipt.job
        guard let first = job.result?.images.first else { throw StoreError.damaged("a completed job has no pictures") }
        let balance = try await balance(of: job.account)
        var headers = headers(of: receipt, balance: balance)
        headers[.generationTime] = "\(totalTime.roundedSeconds)"
        headers[.seedValue] = "\(first.seed.value)"
        if case .image = order.delivery {
            headers[.warnings] = WarningsHeader(warnings(of: job))?.value
            let image = try await file(of: first)
            return Response(status: .ok, headers: headers, contentType: image.format.mediaType, bytes: image.bytes)
        }
        let metrics = JobMetrics(of: job, totalTime: totalTime, balance: balance)
        let body = try await response(
            to: job,
            at: order.base,
            base64: order.delivery == .base64,
            metrics: metrics,
            asksLater: false
        )
        return try Response(status: .ok, headers: headers, json: body)
    }

    /// The answer to one who asks for the pictures later; how far they are, if they are not there.
    func result(of job: Job, at base: PublicBaseURL) async throws -> Response {
        guard job.lifecycle.state == .ended(.completed) else {
            return try await status(of: job, at: base, cancellationIsError: true)
        }
        let balance = try await balance(of: job.account)
        let body = try await response(
            to: job,
            at: base,
            base64: job.details.base64,
            metrics: JobMetrics(of: job, balance: balance),
            asksLater: true
        )
        return try Response(status: .ok, headers: [.cacheControl: "no-store"], json: body)
    }

    /// The answer to one who asks where a job is.
    ///
    /// - Parameters:
    ///   - failuresAreErrors: Whether that a job failed is answered with 422, which clients look for.
    ///   - cancellationIsError: Whether that it was cancelled is, too.
    func status(
        of job: Job,
        at base: PublicBaseURL,
        failuresAreErrors: Bool = true,
        cancellationIsError: Bool = false
    ) async throws -> Response {
        let balance = job.lifecycle.isEnded ? try await balance(of: job.account) : nil
        let body = JobStatusResponse(job, base: base, now: store.now, balance: balance)
        let isError =
            switch body.status {
            case .failed: failuresAreErrors
            case .cancelled: cancellationIsError
            case .queued, .processing, .completed: false
            }
        return try Response(
            status: isError ? .unprocessableContent : .ok,
            headers: [.cacheControl: "no-store"],
            json: body
        )
    }

    /// The pictures of a completed job, in JSON.
    ///
    /// - Parameter asksLater: Whether the address of the first picture is repeated as the `output`.
    func response(
        to job: Job,
        at base: PublicBaseURL,
        base64: Bool,
        metrics: JobMetrics,
        asksLater: Bool
    ) async throws -> GenerationResponse {
        var images: [GenerationResponse.Image] = []
        for image in job.result?.images ?? [] {
            let url = base.address(of: image)
            images.append(.init(image, url: url, base64: base64 ? try await text(of: image) : nil))
        }
        guard let first = images.first, let image = job.result?.images.first else {
            throw StoreError.damaged("a completed job has no pictures")
        }
        return GenerationResponse(
            requestID: job.id.description,
            model: job.endpoint,
            seed: first.seed,
            image: first.base64 ?? base.address(of: image),
            output: asksLater ? base.address(of: image) : nil,
            images: images,
            warnings: warnings(of: job),
            metrics: metrics
        )
    }

    /// The headers of the answer to a submission.
    func headers(of receipt: JobSubmitter.Receipt) async throws -> HTTPFields {
        headers(of: receipt, balance: try await balance(of: receipt.job.account))
    }

    /// The headers of an answer with pictures in another API's words, which have no place for the warnings.
    func pictureHeaders(of receipt: JobSubmitter.Receipt, totalTime: Duration) async throws -> HTTPFields {
        var headers = try await headers(of: receipt)
        headers[.generationTime] = "\(totalTime.roundedSeconds)"
        headers[.seedValue] = (receipt.job.result?.images.first?.seed.value).map { "\($0)" }
        headers[.warnings] = WarningsHeader(warnings(of: receipt.job))?.value
        return headers
    }

    private func headers(of receipt: JobSubmitter.Receipt, balance: Credits) -> HTTPFields {
        var headers = receipt.rate?.headers ?? [:]
        headers[.cacheControl] = "no-store"
        // A repetition is charged nothing.
        headers[.cost] = "\(receipt.isRepetition ? .zero : receipt.job.price)"
        headers[.remainingCredits] = "\(balance)"
        if receipt.isRepetition { headers[.idempotentReplayed] = "true" }
        return headers
    }

    private func balance(of account: AccountID) async throws -> Credits {
        try await store.account(account)?.available ?? .zero
    }

    /// The file of a picture.
    func file(of image: JobResult.Image) async throws -> StoredImage {
        guard let image = try await store.image(image.id) else { throw APIError.expiredRequest }
        return image
    }

    /// The file of a picture as base64 text.
    func text(of image: JobResult.Image) async throws -> String {
        Data(try await file(of: image).bytes).base64EncodedString()
    }

    /// What was done otherwise than asked, one sentence each.
    func warnings(of job: Job) -> [String] {
        (job.result?.warnings ?? []) + job.details.warnings
    }
}

extension PublicBaseURL {
    /// The address of a picture.
    func address(of image: JobResult.Image) -> String {
        "\(self)\(ImageController.path(of: image.id, format: image.format))"
    }
}
