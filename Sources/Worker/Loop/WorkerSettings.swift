// SPDX-License-Identifier: Apache-2.0

package import Jobs

/// How a worker behaves.
package struct WorkerSettings: Sendable {
    /// What the store knows it by.
    package var id: WorkerID
    /// How long it waits for a job before it leaves; `nil` to wait for ever.
    package var idleTimeout: Duration?
    /// How long it goes on with what it has once it is told to stop.
    package var drainTimeout = Duration.seconds(30)
    /// The store's ``StorePolicy/leaseDuration``.
    package var leaseDuration = StorePolicy().leaseDuration
    /// How many rows share an evaluation.
    package var rowLimit: RowLimit

    package init(id: WorkerID, rowLimit: RowLimit) {
        self.id = id
        self.rowLimit = rowLimit
    }

    /// How often it gives a sign of life, so that two may be missed.
    var signInterval: Duration { leaseDuration / 3 }
    /// How often a worker says what it does, and an idle one looks for work untold.
    var announceInterval: Duration { leaseDuration / 2 }
}
