// SPDX-License-Identifier: Apache-2.0

/// All that Darkroom remembers, and the only thing between those who ask for pictures and those who make them.
///
/// Any number of processes use one store. Every method is one transaction, or one for each job it is about: that happens
/// completely or, when the method throws, not at all, and what it returned survives a crash of any process. No method is stopped by the cancellation of its task; the
/// waits of ``JobStore/events(of:after:waitingUpTo:)`` and ``WorkStore/claim(by:upTo:size:waitingUpTo:)`` end early then.
package protocol Store: JobStore, WorkStore, MaintenanceStore, AccountStore, WebhookStore {}

/// Jobs, for whoever wants pictures: the gateway.
package protocol JobStore: Sendable {
    /// The time all times of the store are measured by.
    var now: Timestamp { get }

    /// Makes a job of a request, or says why not.
    ///
    /// One transaction looks up the idempotency key, checks the key's rate and spend limit, the account's credits and the
    /// length of the queue, reserves the price and queues the job.
    ///
    /// - Throws: ``StoreError/unknownAccount(_:)`` for an account that was never opened.
    func submit(_ submission: Submission) async throws(StoreError) -> SubmissionOutcome

    /// The record of a job of `account`, or of any account for `nil`.
    func job(_ id: JobID, of account: AccountID?) async throws(StoreError) -> JobLookup

    /// Whether a job is over, or not known any more. For those who wait for it: its record also says how many jobs come
    /// before it, which takes longer the more there are.
    func isOver(_ id: JobID) async throws(StoreError) -> Bool

    /// The jobs of `account`, or of all accounts for `nil`, that come after `cursor`: the newest first, at most `limit`.
    func jobs(
        of account: AccountID?,
        after cursor: JobPage.Cursor?,
        limit: Int
    ) async throws(StoreError) -> JobPage

    /// The jobs of `account` that are not over, without their places in the queue: what is carried out first, then what
    /// waits, the longest first.
    func unfinishedJobs(of account: AccountID) async throws(StoreError) -> [Job]

    /// What a job was asked to make; `nil` once its record is gone.
    func request(of id: JobID) async throws(StoreError) -> GenerationRequest?

    /// Ends a job of `account`, or of any account for `nil`, unless it is over, and returns what it is then.
    ///
    /// Its credits are given back at once. A worker that has it learns so by its next heartbeat.
    func cancel(_ id: JobID, of account: AccountID?) async throws(StoreError) -> JobLookup

    /// Cancels a job because whoever sent its request does not wait for it any more, and returns what it is then.
    ///
    /// A job whose request was sent again, with the same idempotency key, goes on: somebody still wants it, at this gateway
    /// or another.
    func abandon(_ id: JobID, of account: AccountID) async throws(StoreError) -> JobLookup

    /// What happened to a job after the event `last`, or since its submission for `nil`, in order.
    ///
    /// While that is nothing, waits for something up to `patience`. There is nothing to wait for when the job is over or not
    /// known.
    func events(
        of id: JobID,
        after last: JobEvent.ID?,
        waitingUpTo patience: Duration
    ) async throws(StoreError) -> [JobEvent]

    /// A picture; `nil` when there never was one of that name or when it is gone.
    func image(_ id: ImageID) async throws(StoreError) -> StoredImage?
}

/// Jobs, for whoever makes pictures: a worker.
package protocol WorkStore: Sendable {
    /// The time all times of the store are measured by.
    var now: Timestamp { get }

    /// Leases up to `limit` waiting jobs, all of one size: of `size`, or of whatever size is next for `nil`.
    ///
    /// Accounts take turns, and each account's jobs are handed out in the order of their submission. With a `size`, nothing
    /// is handed out while a job of another size has waited longer than ``StorePolicy/sizePatience``, so that a batch which
    /// is always filled up ends after all.
    ///
    /// While no job is to be had, waits for one up to `patience`.
    func claim(
        by worker: WorkerID,
        upTo limit: Int,
        size: PictureSize?,
        waitingUpTo patience: Duration
    ) async throws(StoreError) -> [ClaimedJob]

    /// Keeps leases for another ``StorePolicy/leaseDuration`` and records progress; returns those leases that are lost, whose
    /// jobs are not to be worked on any longer.
    func heartbeat(_ heartbeats: [Heartbeat]) async throws(StoreError) -> Set<Lease>

    /// Ends a job with its pictures: one transaction keeps them, settles the price and queues the webhook.
    func complete(_ lease: Lease, with result: GenerationResult) async throws(StoreError) -> LeaseAnswer

    /// Reports that a job could not be done. If `isRetryable`, it is tried again as often as the policy allows.
    func fail(
        _ lease: Lease,
        _ failure: JobFailure,
        isRetryable: Bool
    ) async throws(StoreError) -> LeaseAnswer

    /// Gives a job back, to be run from its start by another worker; it costs no retry.
    func release(_ lease: Lease) async throws(StoreError) -> LeaseAnswer

    /// Says what a worker does; `nil` that it is gone. To be repeated within ``StorePolicy/leaseDuration``.
    func announce(_ worker: WorkerID, _ state: WorkerState?) async throws(StoreError)
}

/// What is due without anybody asking for it: the supervisor's affair.
package protocol MaintenanceStore: Sendable {
    /// Takes jobs from workers without a sign of life, gives up jobs past their deadlines, deletes what is too old to keep.
    ///
    /// To be called about once a second by some process; it does no harm if several do.
    func maintain() async throws(StoreError) -> MaintenanceReport

    /// Takes back at once what a worker has that is known to be dead; each job costs a retry. Returns how many there were.
    func bury(_ worker: WorkerID) async throws(StoreError) -> Int

    /// Whether a job waits for a worker; while none does, waits for one up to `patience`.
    func hasWork(waitingUpTo patience: Duration) async throws(StoreError) -> Bool

    /// What waits, what runs, and who runs it.
    func statistics() async throws(StoreError) -> QueueStatistics

    /// How many jobs ended in each of the last `count` spans of `interval`, the present one included.
    func throughput(per interval: Duration, count: Int) async throws(StoreError) -> Throughput

    /// The jobs of all accounts that failed or passed their deadlines: the newest first, at most `limit`.
    func failures(limit: Int) async throws(StoreError) -> [Job]
}

/// Who may ask for pictures, and what they have to spend.
package protocol AccountStore: Sendable {
    /// Says what a presented key is worth. Takes the same time for no key as for one that is unknown.
    func authenticate(_ presented: KeySecret?) async throws(StoreError) -> Authentication

    /// The account, if it was opened.
    func account(_ id: AccountID) async throws(StoreError) -> Account?

    /// The accounts whose names come after `last`, or from the first for `nil`: in the order of their names, at most `limit`.
    func accounts(after last: AccountID?, limit: Int) async throws(StoreError) -> [Account]

    /// Opens an account, unless it is open, and returns it.
    func openAccount(_ id: AccountID) async throws(StoreError) -> Account

    /// Makes a key for an account, which is opened if need be. The secret is returned this once.
    func createKey(
        for account: AccountID,
        _ settings: KeySettings
    ) async throws(StoreError) -> (key: APIKey, secret: KeySecret)

    /// Makes the first key of a new store, for the account of those who say no other, with credits to begin with.
    ///
    /// - Returns: The secret, this once; `nil` where there is a key already. Of servers that start together one gets it.
    func createFirstKey(granting credits: Credits) async throws(StoreError) -> KeySecret?

    /// The keys of an account, or all keys for `nil`, the oldest first.
    func keys(of account: AccountID?) async throws(StoreError) -> [APIKey]

    /// Ends a key for good; `nil` when there is none of that name.
    func revokeKey(_ id: KeyID) async throws(StoreError) -> APIKey?

    /// Gives an account credits, or takes what is available for a negative amount, and returns what it has then.
    ///
    /// - Throws: ``StoreError/unknownAccount(_:)`` for an account that was never opened.
    func grant(_ amount: Credits, to account: AccountID) async throws(StoreError) -> Account

    /// Checks the books: that all accounts add up to zero, that each balance is the sum of its entries, that what is reserved
    /// is the price of the jobs that are not over, and that every other job was settled or refunded once.
    func verifyLedger() async throws(StoreError) -> LedgerReport
}

/// News of jobs' ends, for whoever sends them.
package protocol WebhookStore: Sendable {
    /// Deliveries that are due, the longest due first. They are not due again for `hold`, in case the sender dies.
    ///
    /// - Parameters:
    ///   - limit: How many at most.
    ///   - share: How many at most of one account.
    ///   - others: Accounts whose deliveries are left for later.
    ///   - hold: Longer than a delivery takes.
    func claimDeliveries(
        upTo limit: Int,
        ofEachAccount share: Int,
        except others: Set<AccountID>,
        hold: Duration
    ) async throws(StoreError) -> [WebhookDelivery]

    /// Records an attempt. One that failed is due again after the wait that ``StorePolicy/webhookBackoff`` gives it, or given
    /// up after the last.
    func recordAttempt(
        _ attempt: WebhookDelivery.Attempt,
        of delivery: WebhookDelivery.ID
    ) async throws(StoreError)

    /// The job whose end a delivery tells, and what was asked for.
    ///
    /// Both are here as long as the delivery is due, also when the record may not be read any more.
    func subject(of delivery: WebhookDelivery) async throws(StoreError) -> (job: Job, request: GenerationRequest?)?

    /// The deliveries of a job.
    func deliveries(of job: JobID) async throws(StoreError) -> [WebhookDelivery]
}
