// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Jobs

struct WaitingLineTests {
    @Test func `one runs, the line fills, and it empties in order`() {
        var line = WaitingLine<String>(capacity: 2)
        let tickets = (0..<4).map { _ in line.makeTicket() }
        #expect(line.arrive("a", ticket: tickets[0]) == .run)
        #expect(line.arrive("b", ticket: tickets[1]) == .wait)
        #expect(line.arrive("c", ticket: tickets[2]) == .wait)
        #expect(line.arrive("d", ticket: tickets[3]) == .refuse)
        #expect(line.leave() == "b")
        #expect(line.leave() == "c")
        #expect(line.isRunning)
        #expect(line.leave() == nil)
        #expect(!line.isRunning)
    }

    @Test func `one who withdraws is not called and leaves room`() {
        var line = WaitingLine<String>(capacity: 1)
        let tickets = (0..<3).map { _ in line.makeTicket() }
        #expect(line.arrive("a", ticket: tickets[0]) == .run)
        #expect(line.arrive("b", ticket: tickets[1]) == .wait)
        #expect(line.withdraw(tickets[1]) == "b")
        #expect(line.withdraw(tickets[1]) == nil)
        #expect(line.withdraw(tickets[0]) == nil)
        #expect(line.arrive("c", ticket: tickets[2]) == .wait)
        #expect(line.leave() == "c")
    }
}
