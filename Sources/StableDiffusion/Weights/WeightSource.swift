// SPDX-License-Identifier: Apache-2.0

package import Foundation
import Tensor

/// The tensors of one component under the names diffusers gives them, whatever layout they are stored in.
///
/// Names of the text encoder are without the `text_model.` that files written before transformers 5.6 have.
package struct WeightSource: Sendable {
    /// What holds the tensors, for messages: a file, or the directory of several.
    package let path: String
    let tensors: [String: StoredTensor]

    /// Elements of all tensors.
    package var parameterCount: Int {
        tensors.values.reduce(0) { $0 + $1.shape.reduce(1, *) }
    }

    /// The names of all tensors, in no order.
    package var names: some Collection<String> { tensors.keys }

    init(path: String, tensors: [String: StoredTensor]) {
        self.path = path
        self.tensors = tensors
    }

    /// The weights of a component in its own directory of the diffusers layout.
    ///
    /// Looks for, in this order: one file, several with an index, and both again in the `fp16` variant.
    package init(component: ModelComponent, directory: URL) throws(WeightError) {
        let stem = component.fileStem
        let candidates = [
            "\(stem).safetensors", "\(stem).safetensors.index.json", "\(stem).fp16.safetensors",
            "\(stem).safetensors.index.fp16.json",
        ]
        func path(_ name: String) -> String { directory.appending(path: name).path }
        guard let found = candidates.first(where: { FileManager.default.fileExists(atPath: path($0)) }) else {
            throw WeightError(
                file: directory.path,
                .unreadable("has no \(candidates.joined(separator: " or "))")
            )
        }
        let stored =
            found.hasSuffix(".json")
            ? try ShardIndex(path: path(found)).tensors()
            : try SafetensorsFile(path: path(found)).tensors
        try self.init(component: component, diffusersTensors: stored, path: path(found))
    }

    /// Tensors under the names of any diffusers release, which have changed over time.
    init(
        component: ModelComponent,
        diffusersTensors: [String: StoredTensor],
        path: String
    ) throws(WeightError) {
        var tensors: [String: StoredTensor] = [:]
        for (name, tensor) in diffusersTensors {
            guard let today = DiffusersNames.today(name, in: component) else { continue }
            // The original autoencoder made its attention of 1x1 convolutions, and some conversions kept them.
            let isAttention = component == .autoencoder && today.contains(".attentions.")
            let known = tensors.updateValue(isAttention ? tensor.withoutKernelAxes() : tensor, forKey: today)
            guard known == nil else {
                throw WeightError(file: path, tensor: today, .malformed("stored under two names, one of them \(name)"))
            }
        }
        self.init(path: path, tensors: tensors)
    }

    /// The weights of a component in a single file of Stability AI's original layout.
    package init(component: ModelComponent, singleFile: SafetensorsFile) throws(WeightError) {
        try self.init(
            component: component,
            diffusersTensors: SingleFileNames(singleFile).tensors(of: component),
            path: singleFile.file.path
        )
    }
}
