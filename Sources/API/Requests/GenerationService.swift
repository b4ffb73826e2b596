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
    let waits: WaitLimit
    private let sharedWaits = SharedWaits()

    /// Makes a job of an order, for a caller who asks for its pictures later.
    func submitForLater(
        _ order: inout GenerationOrder,
        for caller: Caller,
        _ context: APIRequestContext
    ) async throws -> JobSubmitter.Receipt {
        let receipt = try await submit(&order, for: caller, context)
        if receipt.isRepetition { sharedWaits.keep(receipt.job.id) }
        return receipt
    }

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
    /// The job is cancelled when all who wait for it are gone.
    func finish(
        _ order: inout GenerationOrder,
        for caller: Caller,
        _ context: APIRequestContext,
        keepsOnDisconnect: Bool = false
    ) async throws -> JobSubmitter.Receipt {
        var receipt =
            keepsOnDisconnect
            ? try await submitForLater(&order, for: caller, context) : try await submit(&order, for: caller, context)
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
        withExtendedLifetime(place) {}
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
        guard case .found(let job) = try await store.cancel(job.id, of: job.account),
            job.lifecycle.state == .ended(.completed)
        else { throw APIError.stopping }
        return job
    }

    /// Repetitions cost nothing, so no more of them wait than anyone may.
    func placeToWait(for receipt: JobSubmitter.Receipt, _ caller: Caller) throws -> WaitLimit.Place? {
        guard receipt.isRepetition, !receipt.job.lifecycle.isEnded else { return nil }
        guard let place = waits.enter(caller) else { throw APIError.idempotencyInProgress }
        return place
    }

    /// A caller's wish for a job's end, which keeps the job going; `nil` for a repetition of a job that nobody waits for.
    func wish(for receipt: JobSubmitter.Receipt) -> Wish? {
        guard sharedWaits.enter(receipt.job.id, isRepetition: receipt.isRepetition) else { return nil }
        return Wish(job: receipt.job, store: store, waits: sharedWaits)
    }

    /// What keeps a job going that is made for those who wait.
    ///
    /// Whoever lets go of it without an end has left: an answer that was never begun ends nothing.
    final class Wish: Sendable {
        private let job: Job
        private let store: any JobStore
        private let waits: SharedWaits
        private let isOver = Atomic(false)

        fileprivate init(job: Job, store: any JobStore, waits: SharedWaits) {
            self.job = job
            self.store = store
            self.waits = waits
        }

        deinit {
            guard endsAsTheLast() else { return }
            Task { [store, job] in try await store.cancel(job.id, of: job.account) }
        }

        /// The caller has what it waited for.
        func end() { _ = endsAsTheLast() }

        /// The caller left, or is told of a fault; if nobody else waits, the job is not wanted.
        func endEarly(_ context: APIRequestContext) async throws {
            guard endsAsTheLast() else { return }
            _ = try await store.cancel(job.id, of: job.account)
            context.logger.info("Request cancelled because nobody waits for it", metadata: ["job": "\(job.id)"])
        }

        /// Whether this was the last wish for the job, and had not ended before.
        private func endsAsTheLast() -> Bool {
            !isOver.exchange(true, ordering: .relaxed) && waits.leave(job.id)
        }
    }
}
