// SPDX-License-Identifier: Apache-2.0

/// How a model's packed weights came to be where they are.
package struct PackedOrigin: Sendable {
    package enum State: Sendable {
        /// Packed into this process's memory.
        case memory
        /// Found in a packed file.
        case mapped(path: String)
        /// Packed into a file, which is mapped; the next process will find it.
        case written(PackedPublication)
    }

    package var state = State.memory
    /// Bytes of all packed weights.
    package var byteCount: Int
    /// What did not work, a line each.
    package var notes: [String] = []
}
