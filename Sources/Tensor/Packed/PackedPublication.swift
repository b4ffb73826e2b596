// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

/// A packed file on its way to the disk, while the model is already at work.
package final class PackedPublication: Sendable {
    package let path: String
    private let group = DispatchGroup()
    private let failure = Mutex<PackedFileError?>(nil)

    init(path: String, _ work: @escaping () -> PackedFileError?) {
        self.path = path
        // Safe: called once, by the queue alone.
        nonisolated(unsafe) let work = work
        DispatchQueue.global(qos: .utility).async(group: group) { [self] in
            let error = unsafe work()
            failure.withLock { $0 = error }
        }
    }

    /// Waits until the file is in its place; a process that ends before leaves none.
    package func wait() throws(PackedFileError) {
        group.wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
