// SPDX-License-Identifier: Apache-2.0

import Jobs
import Testing

/// The books after anything that may happen, on every kind of store.
@Suite struct LedgerTests {
    @Test(arguments: StoreKind.allCases, [UInt64.random(in: .min ... .max), 1])
    func theBooksBalanceWhateverHappens(kind: StoreKind, seed: UInt64) async throws {
        var policy = StorePolicy()
        policy.retryLimit = 1
        policy.maxQueued = 12
        policy.deadline = .seconds(60)
        policy.recordLifetime = .seconds(50)
        policy.imageLifetime = .seconds(200)
        let test = try await TestStore(kind, policy: policy)
        var model = Model(seed: seed)
        for account in model.accounts { try await test.store.open(account, credits: "0.03") }
        for step in 0..<400 {
            try await model.step(test)
            guard step.isMultiple(of: 20) else { continue }
            try await check(test, model, "seed \(seed), step \(step)")
        }
        try await model.finish(test)
        try await check(test, model, "seed \(seed), at the end")
        for account in model.accounts {
            #expect(try await test.store.account(account)?.reserved == .zero, "seed \(seed)")
        }
    }

    private func check(_ test: TestStore, _ model: Model, _ context: String) async throws {
        let report = try await test.store.verifyLedger()
        #expect(report.problems.isEmpty, "\(context)")
        #expect(report.balances.values.reduce(.zero, +) == .zero, "\(context)")
        // Nothing is charged but what was completed, each once.
        #expect(report.balances[.revenue] == model.revenue, "\(context)")
        #expect(report.balances[.grants] == -model.granted, "\(context)")
    }
}

/// Callers and workers that do anything at any time, and what they must pay for it.
private struct Model {
    let accounts = [AccountID.alice, .bob, AccountID(test: "carol")]
    var revenue = Credits.zero
    var granted = Credits(test: "0.09")
    private var random: SplitMix
    private var jobs: [JobID] = []
    private var prices: [JobID: Credits] = [:]
    private var leases: [Lease] = []

    init(seed: UInt64) {
        random = SplitMix(state: seed)
    }

    mutating func step(_ test: TestStore) async throws {
        let store = test.store
        let lease = leases.randomElement(using: &random)
        switch Int.random(in: 0..<12, using: &random) {
        case 0, 1, 2:
            try await submit(store)
        case 3, 4:
            let worker = WorkerID("worker-\(Int.random(in: 0..<3, using: &random))")
            leases += try await store.claim(by: worker, upTo: 2, size: nil, waitingUpTo: .zero).map(\.lease)
        case 5, 6:
            guard let lease, try await store.complete(lease, with: .test()) == .held else { return }
            revenue = revenue + (prices[lease.job] ?? .zero)
        case 7:
            guard let lease else { return }
            let isRetryable = Bool.random(using: &random)
            _ = try await store.fail(lease, JobFailure(.internal, "chance"), isRetryable: isRetryable)
        case 8:
            guard let lease else { return }
            _ = try await store.release(lease)
        case 9:
            guard let job = jobs.randomElement(using: &random) else { return }
            _ = try await store.cancel(job, of: nil)
        case 10:
            _ = try await store.bury(WorkerID("worker-\(Int.random(in: 0..<3, using: &random))"))
        default:
            test.clock.advance(by: .seconds(Int.random(in: 0..<20, using: &random)))
            _ = try await store.maintain()
        }
    }

    /// Lets every open job end.
    mutating func finish(_ test: TestStore) async throws {
        test.clock.advance(by: .seconds(60))
        _ = try await test.store.maintain()
    }

    private mutating func submit(_ store: any Store) async throws {
        guard let account = accounts.randomElement(using: &random) else { return }
        let price = "0.00\(Int.random(in: 0..<10, using: &random))"
        let key = Bool.random(using: &random) ? "\(Int.random(in: 0..<5, using: &random)) at \(price)" : nil
        guard case .accepted(let job, _) = try await store.submit(.test(by: account, price: price, idempotencyKey: key))
        else { return }
        jobs.append(job.id)
        prices[job.id] = job.price
    }
}

/// Repeatable random numbers. Algorithm: SplitMix64, https://prng.di.unimi.it/splitmix64.c
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
