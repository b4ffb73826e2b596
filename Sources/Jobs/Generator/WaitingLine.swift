// SPDX-License-Identifier: Apache-2.0

/// Who runs and who waits, first come first served: the state of a ``SerialImageGenerator``, without locks or time.
struct WaitingLine<Waiter> {
    /// Names one waiter, to take it out of the line.
    struct Ticket: Hashable {
        fileprivate let number: UInt64
    }

    /// What to do with one who arrives.
    enum Arrival: Equatable {
        /// Nobody runs: go on at once, and ``leave()`` afterwards.
        case run
        /// Wait to be called.
        case wait
        /// The line is full.
        case refuse
    }

    /// How many may wait.
    let capacity: Int
    /// Whether someone runs.
    private(set) var isRunning = false
    /// Those who wait, the next one first.
    private var waiting: [(ticket: Ticket, waiter: Waiter)] = []
    private var nextNumber: UInt64 = 0

    /// An empty line in which `capacity` may wait beside the one who runs.
    init(capacity: Int) {
        self.capacity = capacity
    }

    /// How many wait.
    var count: Int { waiting.count }

    /// A ticket that no one else has.
    mutating func makeTicket() -> Ticket {
        defer { nextNumber += 1 }
        return Ticket(number: nextNumber)
    }

    /// Lets `waiter` run, puts it at the end of the line, or refuses it.
    mutating func arrive(_ waiter: Waiter, ticket: Ticket) -> Arrival {
        guard isRunning else {
            isRunning = true
            return .run
        }
        guard waiting.count < capacity else { return .refuse }
        waiting.append((ticket, waiter))
        return .wait
    }

    /// Ends the run of whoever runs; returns who runs now and is to be called, if anyone waits.
    mutating func leave() -> Waiter? {
        guard !waiting.isEmpty else {
            isRunning = false
            return nil
        }
        return waiting.removeFirst().waiter
    }

    /// Takes one who waits out of the line; `nil` when it no longer waits or never did.
    mutating func withdraw(_ ticket: Ticket) -> Waiter? {
        guard let index = waiting.firstIndex(where: { $0.ticket == ticket }) else { return nil }
        return waiting.remove(at: index).waiter
    }
}
