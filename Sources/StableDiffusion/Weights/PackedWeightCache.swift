// SPDX-License-Identifier: Apache-2.0

import Foundation
import Tensor

/// A directory of packed weights: one file for each model and element type.
///
/// A model's file is named after its path, so that a model that changed replaces its old file instead of leaving it.
package struct PackedWeightCache: Sendable {
    private let directory: String

    /// - Parameter directory: is made when the first file is written.
    package init(directory: String) {
        self.directory = directory
    }

    /// The file of a model's weights.
    ///
    /// - Parameters:
    ///   - path: of the model.
    ///   - identity: lines that change when the weights do.
    func file(model path: String, arithmetic: Arithmetic, identity: String) -> PackedFile {
        let resolved = URL(filePath: path).resolvingSymlinksInPath().standardizedFileURL.path
        var hash = FNV1a()
        hash.combine(resolved)
        let stem = resolved.split(separator: "/").last.map(String.init) ?? "model"
        let name = String(stem.prefix(64).map { Self.isPlain($0) ? $0 : "_" })
        let digits = String(hash.value, radix: 16)
        return PackedFile(
            directory: directory,
            name: "\(name)-\(String(repeating: "0", count: 16 - digits.count))\(digits)-\(arithmetic.rawValue).packed",
            key: "dtype \(arithmetic.rawValue)\n\(identity)"
        )
    }

    /// Whether a character may be in a file's name as it is, wherever that name is typed.
    private static func isPlain(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "-.".contains(character))
    }
}
