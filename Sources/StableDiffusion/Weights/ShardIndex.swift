// SPDX-License-Identifier: Apache-2.0

import Foundation
import Tensor

/// The index of a component whose tensors are spread over several files (`….safetensors.index.json`).
struct ShardIndex {
    private let path: String
    /// Tensor name to name of a file beside the index.
    private let fileNames: [String: String]

    private struct Document: Decodable {
        var weightMap: [String: String]

        enum CodingKeys: String, CodingKey {
            case weightMap = "weight_map"
        }
    }

    init(path: String) throws(WeightError) {
        self.path = path
        do {
            fileNames = try JSONDecoder().decode(Document.self, from: JSONFile.contents(path)).weightMap
        } catch {
            throw WeightError(file: path, .malformed("not a weight index: \(JSONFile.explain(error))"))
        }
        for name in Set(fileNames.values) {
            // The index comes with the weights, from anywhere: it must not name files of the rest of the disk.
            // By bytes, as the system reads it: a mark that follows makes a slash another character, but no other byte.
            guard name.hasSuffix(".safetensors"), !name.utf8.contains(UInt8(ascii: "/")), !name.utf8.contains(0) else {
                throw WeightError(file: path, .malformed("\(name) is not the name of a safetensors file beside it"))
            }
        }
    }

    /// All tensors; index and files must agree on which is where.
    func tensors() throws(WeightError) -> [String: StoredTensor] {
        let directory = URL(filePath: path).deletingLastPathComponent()
        var tensors: [String: StoredTensor] = [:]
        for fileName in Set(fileNames.values).sorted() {
            let shard = try SafetensorsFile(path: directory.appending(path: fileName).path)
            for (name, tensor) in shard.tensors {
                guard fileNames[name] == fileName else {
                    throw WeightError(
                        file: shard.file.path,
                        tensor: name,
                        .malformed("the index does not place it in this file")
                    )
                }
                tensors[name] = tensor
            }
        }
        if let missing = fileNames.keys.filter({ tensors[$0] == nil }).min() {
            throw WeightError(file: path, tensor: missing, .malformed("not in the file that the index names"))
        }
        return tensors
    }
}
