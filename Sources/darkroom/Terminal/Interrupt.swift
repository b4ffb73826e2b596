// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// Ctrl-C as something a long run can look at between two steps.
struct Interrupt {
    /// Of the process, as the signal is: a handler has nothing else to tell it by.
    private static let isRaised = Atomic(false)

    /// Takes over SIGINT from now on: an interrupt before this ends the process, and none after it is lost.
    init() {
        // A global is made when it is first read, which no handler of a signal may do.
        _ = Self.isRaised.load(ordering: .relaxed)
        // Not a dispatch source: what arrives before it is registered, which another thread does, is lost.
        signal(SIGINT) { _ in
            // Whoever presses twice does not want to wait for the step.
            if Interrupt.isRaised.exchange(true, ordering: .relaxed) { _exit(130) }
        }
        // A program that is started from a thread without signals inherits that.
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGINT)
        unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }

    /// - Throws: `CancellationError` once Ctrl-C was pressed.
    func check() throws(CancellationError) {
        if Self.isRaised.load(ordering: .relaxed) { throw CancellationError() }
    }
}
