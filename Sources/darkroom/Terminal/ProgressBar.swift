// SPDX-License-Identifier: Apache-2.0

import Foundation

/// One line that says how far a run is and how long it will take; nothing when nobody watches.
struct ProgressBar {
    private let isVisible: Bool
    private let start = ContinuousClock.now
    /// What was done before the run and says nothing of its pace.
    private let doneBefore: Int
    private static let width = 30

    init(isVisible: Bool = Terminal.isInteractive, doneBefore: Int = 0) {
        self.isVisible = isVisible
        self.doneBefore = doneBefore
    }

    /// Draws the line anew.
    func update(done: Int, total: Int, label: String) {
        guard isVisible, total > 0 else { return }
        let filled = Self.width * done / total
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.width - filled)
        Terminal.note("\r\u{1B}[2K\(label) \(bar) \(done)/\(total)\(remaining(done: done, total: total))")
    }

    /// Removes the line.
    func clear() {
        guard isVisible else { return }
        Terminal.note("\r\u{1B}[2K")
    }

    private func remaining(done: Int, total: Int) -> String {
        guard done > doneBefore, done < total else { return "" }
        let pace = (ContinuousClock.now - start) / .seconds(1) / Double(done - doneBefore)
        let seconds = pace * Double(total - done)
        return seconds < 60
            ? String(format: ", %.1f s left", seconds)
            : String(format: ", %d min %02d s left", Int(seconds) / 60, Int(seconds) % 60)
    }
}
