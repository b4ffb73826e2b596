// SPDX-License-Identifier: Apache-2.0

import Foundation
import Tensor

/// A directory of packed weights: one file for each model and element type, and a small one for the empty prompt.
///
/// A model's file is named after its path, so that a model that changed replaces its old file instead of leaving it.
package struct PackedWeightCache: Sendable {
    private let directory: String
    private let program: String?

    /// - Parameters:
    ///   - directory: is made when the first file is written.
    ///   - program: a line that changes when the arithmetic may; without one, nothing that was computed is kept.
    package init(directory: String, program: String? = RunningProgram.identity) {
        self.directory = directory
        self.program = program
    }

    /// The file of a model's weights.
    ///
    /// - Parameters:
    ///   - path: of the model.
    ///   - device: which packs them.
    ///   - identity: lines that change when the weights do.
    func file(model path: String, on device: any Device, identity: String) -> PackedFile {
        // Each layout has a file of its own, so that a machine that uses two devices does not pack at each start.
        let layout = device.weightLayout == "cpu" ? "" : "-\(device.weightLayout)"
        return PackedFile(
            directory: directory,
            name: "\(name(ofModel: path))-\(device.arithmetic.rawValue)\(layout).packed",
            key: "dtype \(device.arithmetic.rawValue)\n\(identity)"
        )
    }

    /// The file of what a model's text encoder makes of the empty prompt; nil where it may not be kept.
    ///
    /// Weights are packed to the same bytes everywhere, but each code path of the processor rounds in its own way, and
    /// so may each build: the same request is to give the same picture whether or not an earlier build left its file.
    ///
    /// - Parameters:
    ///   - ids: the empty prompt's tokens.
    ///   - path: of the model.
    ///   - identity: lines that change when the text encoder's weights or its configuration do.
    func file(
        ofEmptyPrompt ids: [Int],
        model path: String,
        on device: any Device,
        identity: String
    ) -> PackedFile? {
        guard let program else { return nil }
        let codePath = String(device.codePath.map { Self.isPlain($0) ? $0 : "_" })
        return PackedFile(
            directory: directory,
            name: "\(name(ofModel: path))-\(device.arithmetic.rawValue)-\(codePath).embedding",
            key: """
                dtype \(device.arithmetic.rawValue)
                code path \(device.codePath)
                \(program)
                tokens \(ids)
                \(identity)
                """
        )
    }

    /// A name for the files of the model at `path`.
    private func name(ofModel path: String) -> String {
        let resolved = URL(filePath: path).resolvingSymlinksInPath().standardizedFileURL.path
        var hash = FNV1a()
        hash.combine(resolved)
        let stem = resolved.split(separator: "/").last.map(String.init) ?? "model"
        let name = String(stem.prefix(64).map { Self.isPlain($0) ? $0 : "_" })
        return "\(name)-\(hash.digits)"
    }

    /// Whether a character may be in a file's name as it is, wherever that name is typed.
    private static func isPlain(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "-.".contains(character))
    }
}
