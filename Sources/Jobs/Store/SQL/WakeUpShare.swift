// SPDX-License-Identifier: Apache-2.0

/// Which part of those who wait for the same thing is woken when it happens; each is by chance.
///
/// If every idle worker looked at each job that comes, looks would grow with the number of workers, and nearly all would find
/// nothing. Whom chance passes over, when it passes over all, makes that good by looking every few seconds: the more
/// workers there are, the sooner one of them does.
struct WakeUpShare: Equatable, Sendable {
    /// From 0 to 1.
    private var probability: Double

    static let all = WakeUpShare(probability: 1)
    static let none = WakeUpShare(probability: 0)

    /// How many look at a job, on average, where more could: 1 in 55 jobs is seen by none at first.
    private static let lookers = 4.0

    private init(probability: Double) {
        self.probability = min(max(probability, 0), 1)
    }

    /// What is woken of `workers` that wait when there are so many jobs more.
    init(jobs: Int, workers: Int) {
        self.init(probability: workers > 0 ? Self.lookers * Double(jobs) / Double(workers) : 1)
    }

    /// Reads what ``description`` wrote; all for anything else, such as the nothing that an older version writes.
    init(_ description: some StringProtocol) {
        self.init(probability: Double(description).flatMap { $0.isFinite ? $0 : nil } ?? 1)
    }

    /// Whether one of them is woken.
    func takesOne() -> Bool {
        Double.random(in: 0..<1) < probability
    }

    static func + (first: Self, second: Self) -> Self {
        WakeUpShare(probability: first.probability + second.probability)
    }
}

extension WakeUpShare: CustomStringConvertible {
    var description: String { "\(probability)" }
}
