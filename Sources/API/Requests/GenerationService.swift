// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs
import Logging
import Synchronization

/// Has pictures made: what all the APIs that this server speaks do with an order.
struct GenerationService: Sendable {
    let configuration: APIConfiguration
    let store: any JobStore
    let orders: GenerationOrderReader
    /// Those who wait for news of jobs that are there.
    let waits: WaitLimit
    /// Those who wait for pictures they have just asked for.
    let pictureWaits: WaitLimit

    /// Makes a job of an order, which then holds no reference picture any more: the job's record does.
    func submit(
        _ order: inout GenerationOrder,
        for caller: Caller,
        _ context: APIRequestContext
    ) async throws -> JobSubmitter.Receipt {
        let receipt = try await JobSubmitter(store: store, configuration: configuration)
            .submit(order, for: caller, as: context.jobID, trace: context.trace)
        order.generation = order.generation.withoutReferenceFile()
        // Workers know the request by its job's id; its caller may have named it otherwise.
        context.logger.info("Request became a job", metadata: ["job": "\(receipt.job.id)"])
        return receipt
    }

    /// Makes a job of an order and waits for its end, or for the server's.
    ///
    /// The job is cancelled when the caller leaves, unless it `keepsOnDisconnect` or the request was sent again.
    func finish(
        _ order: inout GenerationOrder,
        for caller: Caller,
        _ context: APIRequestContext,
        keepsOnDisconnect: Bool = false
    ) async throws -> JobSubmitter.Receipt {
        let picturePlace = try placeForPictures(of: caller)
        var receipt = try await submit(&order, for: caller, context)
        let place = try placeToWait(for: receipt, caller)
        let wish = keepsOnDisconnect ? nil : wish(for: receipt)
        do {
            receipt.job = try await context.whileCallerWaits { [id = receipt.job.id, store, configuration] in
                try await JobWatcher(store: store).job(
                    id,
                    of: caller.account,
                    onceEndedWithin: nil,
                    drainPatience: configuration.drainPatience
                )
            }
        } catch {
            try await wish?.endEarly(context)
            throw error
        }
        wish?.end()
        withExtendedLifetime((place, picturePlace)) {}
        return receipt
    }

    /// Makes a job of an order and waits for its pictures.
    ///
    /// For callers whose API has no way to come back for them: a server that shuts down cancels the job.
    ///
    /// - Throws: ``APIError`` when there are no pictures.
    func pictures(
        _ order: inout GenerationOrder,
        for caller: Caller,
        _ context: APIRequestContext
    ) async throws -> JobSubmitter.Receipt {
        var receipt = try await finish(&order, for: caller, context)
        if !receipt.job.lifecycle.isEnded { receipt.job = try await stop(receipt.job) }
        if case .ended(let end) = receipt.job.lifecycle.state, let error = APIError(end) { throw error }
        return receipt
    }

    /// Cancels a job, because nobody comes back for its pictures to the server that follows this one.
    ///
    /// - Returns: The job, if it was completed meanwhile, and paid for.
    /// - Throws: ``APIError`` if there will be no pictures.
    func stop(_ job: Job) async throws -> Job {
        guard case .found(let job) = try await store.abandon(job.id, of: job.account) else { throw APIError.stopping }
        guard job.lifecycle.isEnded else { throw APIError.stoppingWithoutCancelling }
        guard job.lifecycle.state == .ended(.completed) else { throw APIError.stopping }
        return job
    }

    /// A place among those who wait for pictures, to be asked for before there is a job.
    func placeForPictures(of caller: Caller) throws -> WaitLimit.Place {
        guard let place = pictureWaits.enter(caller) else { throw APIError.tooManyPictureWaits }
        return place
    }

    /// Repetitions cost nothing, so no more of them wait than anyone may.
    func placeToWait(for receipt: JobSubmitter.Receipt, _ caller: Caller) throws -> WaitLimit.Place? {
        guard receipt.isRepetition, !receipt.job.lifecycle.isEnded else { return nil }
        guard let place = waits.enter(caller) else { throw APIError.idempotencyInProgress }
        return place
    }

    /// A caller's wish for a job's end, which keeps the job going; `nil` for a repetition, whose job goes on anyway.
    func wish(for receipt: JobSubmitter.Receipt) -> Wish? {
        receipt.isRepetition ? nil : Wish(job: receipt.job, store: store)
    }

    /// What keeps a job going that is made for a caller who waits.
    ///
    /// Whoever lets go of it without an end has left: an answer that was never begun ends nothing.
    final class Wish: Sendable {
        private let job: Job
        private let store: any JobStore
        private let isOver = Atomic(false)

        fileprivate init(job: Job, store: any JobStore) {
            self.job = job
            self.store = store
        }

        deinit {
            guard endsNow() else { return }
            Task { [store, job] in try await store.abandon(job.id, of: job.account) }
        }

        /// The caller has what it waited for.
        func end() { _ = endsNow() }

        /// The caller left, or is told of a fault.
        func endEarly(_ context: APIRequestContext) async throws {
            guard endsNow() else { return }
            _ = try await store.abandon(job.id, of: job.account)
            context.logger.info("Request abandoned by its caller", metadata: ["job": "\(job.id)"])
        }

        /// Whether it had not ended before.
        private func endsNow() -> Bool { !isOver.exchange(true, ordering: .relaxed) }
    }
}
