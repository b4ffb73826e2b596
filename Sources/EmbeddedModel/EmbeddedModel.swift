// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// The small model that ships with Darkroom, so that a fresh checkout makes pictures without a download.
///
/// Trained by the recipe in `Training/` on pictures the recipe draws itself.
package enum EmbeddedModel {
    /// The name by which it can be asked for.
    package static let name = "embedded"

    /// Its directory, in diffusers' layout.
    ///
    /// Looked for beside the executable, where the build puts it. `Bundle.module` would do the same but ends the process
    /// if it is not there; this way whoever opens the directory says what is missing.
    package static var directory: URL {
        let resources = ["resources", "bundle"].map { "darkroom_EmbeddedModel.\($0)" }
        let candidates = resources.map { Bundle.main.bundleURL.appending(path: $0).appending(path: "Model") }
        return candidates.first { FileManager.default.fileExists(atPath: $0.path) } ?? candidates[0]
    }
}
