// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The golden files in `Fixtures/`, found beside this source file.
///
/// They are read from the checkout and not bundled, so that the Python script that makes a file stays next to it.
///
/// - `tiny/diffusers`, `tiny/single-file.safetensors`: a small Stable Diffusion 2.1 model, the same in both layouts.
/// - `blocks`: what goes into and comes out of that model's blocks and networks.
/// - `pipelines`: pictures made from it with every scheduler.
enum Fixture {
    /// The file or directory at `path`, relative to `Fixtures/`; a missing one fails where it is read.
    static func url(_ path: String) -> URL {
        root.appending(path: path)
    }

    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent()
        .appending(path: "Fixtures", directoryHint: .isDirectory)
}
