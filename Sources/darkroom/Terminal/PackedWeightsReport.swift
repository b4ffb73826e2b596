// SPDX-License-Identifier: Apache-2.0

import StableDiffusion
import Tensor

/// Where a model's packed weights are, as `--json` shows it.
struct PackedWeightsReport: Encodable {
    /// mapped: found in a packed file; written: packed, and left in one; memory: packed for this process alone.
    var state: String
    var path: String?
    var bytes: Int
    var notes: [String]

    /// Waits for a file that is being written, and says on standard error if that fails.
    init(waitingFor origin: PackedOrigin) {
        bytes = origin.byteCount
        notes = origin.notes
        switch origin.state {
        case .memory:
            state = "memory"
        case .mapped(let path):
            state = "mapped"
            self.path = path
        case .written(let publication):
            do throws(PackedFileError) {
                try publication.wait()
                state = "written"
                path = publication.path
            } catch {
                state = "memory"
                notes.append("\(error)")
                Terminal.note("note: \(error)\n")
            }
        }
    }
}
