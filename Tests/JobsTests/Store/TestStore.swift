// SPDX-License-Identifier: Apache-2.0

import Foundation
import ImageCodec
import Jobs
import Synchronization

/// The stores that the conformance tests run on: a new kind of store is one more case.
enum StoreKind: CaseIterable, Sendable {
    case sqlite
    case postgres
}

/// A store of its own for one test, with a clock that stands still until it is moved.
final class TestStore: Sendable {
    let kind: StoreKind
    let store: any Store
    let clock: TestClock
    let policy: StorePolicy
    let directory: URL
    /// Where a database server keeps the tables of this test.
    let schema = "test_" + UUID().uuidString.lowercased().replacing("-", with: "")

    init(_ kind: StoreKind, policy: StorePolicy = StorePolicy()) async throws {
        self.kind = kind
        self.policy = policy
        clock = TestClock()
        directory = FileManager.default.temporaryDirectory.appending(path: "darkroom-store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        store = try await Self.open(kind, directory, schema, policy, clock)
    }

    deinit {
        try? FileManager.default.removeItem(at: directory)
    }

    /// The same store as another process sees it.
    func another() async throws -> any Store {
        try await Self.open(kind, directory, schema, policy, clock)
    }

    private static func open(
        _ kind: StoreKind,
        _ directory: URL,
        _ schema: String,
        _ policy: StorePolicy,
        _ clock: TestClock
    ) async throws -> any Store {
        switch kind {
        case .sqlite:
            try await SQLiteStore(path: directory.appending(path: "store.db").path, policy: policy) { clock.now }
        case .postgres:
            try await PostgresStore(url: PostgresServer.shared.url(schema: schema), policy: policy) { clock.now }
        }
    }
}

/// The time of a test.
final class TestClock: Sendable {
    private let time = Mutex(Timestamp(milliseconds: 1_800_000_000_000))

    var now: Timestamp { time.withLock { $0 } }

    func advance(by duration: Duration) {
        time.withLock { $0 = $0.advanced(by: duration) }
    }
}

extension AccountID {
    /// An account of a test.
    init(test name: String) {
        guard let id = AccountID(name) else { preconditionFailure("not an account: \(name)") }
        self = id
    }

    static let alice = AccountID(test: "alice")
    static let bob = AccountID(test: "bob")
}

extension Credits {
    /// An amount of a test.
    init(test text: String) {
        guard let credits = Credits(text) else { preconditionFailure("not credits: \(text)") }
        self = credits
    }
}

extension GenerationRequest {
    /// A request of a test, told from others by its seed.
    static func test(seed: Int64 = 1, width: Int = 512, height: Int = 512) throws -> GenerationRequest {
        var parameters = GenerationParameters()
        parameters.prompt = "a cat"
        parameters.seed = seed
        parameters.width = width
        parameters.height = height
        return try GenerationRequest(
            validating: parameters,
            limits: GenerationLimits(),
            defaults: GenerationDefaults(width: 512, height: 512)
        )
    }
}

extension Submission {
    /// A submission of a test, for 0.003 credits unless it says otherwise.
    static func test(
        by account: AccountID = .alice,
        key: KeyID? = nil,
        seed: Int64 = 1,
        width: Int = 512,
        price: String = "0.003",
        idempotencyKey: String? = nil,
        fingerprint: [UInt8] = [1, 2, 3],
        webhook: String? = nil
    ) throws -> Submission {
        var submission = Submission(
            account: account,
            key: key,
            endpoint: "sd2.1-txt2img",
            request: try .test(seed: seed, width: width),
            price: Credits(test: price)
        )
        submission.idempotency = idempotencyKey.map { Idempotency(key: $0, fingerprint: fingerprint) }
        submission.webhook = webhook
        return submission
    }
}

extension GenerationResult {
    /// A result of a test: one picture of one byte.
    static func test(byte: UInt8 = 7) throws -> GenerationResult {
        let request = try GenerationRequest.test()
        let image = GeneratedImage(bytes: [byte], format: .png, width: 512, height: 512, seed: request.seed)
        return GenerationResult(
            images: [image],
            warnings: ["a warning"],
            timings: GenerationTimings(inference: .seconds(2))
        )
    }
}

extension Store {
    /// Opens an account with credits.
    func open(_ account: AccountID, credits: String = "1") async throws {
        _ = try await openAccount(account)
        _ = try await grant(Credits(test: credits), to: account)
    }

    /// Submits what must be accepted.
    func accept(_ submission: Submission) async throws -> Job {
        let outcome = try await submit(submission)
        guard case .accepted(let job, _) = outcome else { throw Unexpected(outcome: "\(outcome)") }
        return job
    }

    /// Claims one job at once.
    func claim(by worker: WorkerID = WorkerID("worker")) async throws -> ClaimedJob? {
        try await claim(by: worker, upTo: 1, size: nil, waitingUpTo: .zero).first
    }

    /// A job that must be there.
    func found(_ id: JobID) async throws -> Job {
        let lookup = try await job(id, of: nil)
        guard case .found(let job) = lookup else { throw Unexpected(outcome: "\(lookup)") }
        return job
    }

    /// What an account can spend.
    func available(_ account: AccountID = .alice) async throws -> Credits {
        guard let account = try await self.account(account) else { throw Unexpected(outcome: "no account") }
        return account.available
    }

    /// What happened to a job so far.
    func history(of id: JobID) async throws -> [JobEvent.Kind] {
        try await events(of: id, after: nil, waitingUpTo: .zero).map(\.kind)
    }
}

/// Something else than what the test needs to go on.
struct Unexpected: Error {
    var outcome: String
}

extension WebhookStore {
    /// Deliveries that are due, whosever they are.
    func claimDeliveries(upTo limit: Int, hold: Duration) async throws(StoreError) -> [WebhookDelivery] {
        try await claimDeliveries(upTo: limit, ofEachAccount: limit, except: [], hold: hold)
    }
}
