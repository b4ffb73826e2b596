// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Synchronization

/// Ctrl-C as something a long run can look at between two steps.
final class Interrupt {
    private final class Flag: Sendable {
        let isRaised = Atomic(false)
    }

    private let flag = Flag()
    private let source: any DispatchSourceSignal

    /// Takes over SIGINT from now on.
    init() {
        // Dispatch only watches: without this the signal would still end the process.
        signal(SIGINT, SIG_IGN)
        source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        source.setEventHandler { [flag] in
            // Whoever presses twice does not want to wait for the step.
            if flag.isRaised.exchange(true, ordering: .relaxed) { _exit(130) }
        }
        source.resume()
    }

    /// - Throws: `CancellationError` once Ctrl-C was pressed.
    func check() throws(CancellationError) {
        if flag.isRaised.load(ordering: .relaxed) { throw CancellationError() }
    }
}
