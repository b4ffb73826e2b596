// SPDX-License-Identifier: Apache-2.0

import Tensor

/// Makes a network's layers: takes their weights by name from a strict reader and packs them on a device.
///
/// Names are those of the diffusers and transformers modules, so that a block's initialiser reads like its checkpoint.
struct LayerBuilder {
    let device: any Device
    let weights: WeightReader
    /// Where the packed weights of all layers go together; nil packs each at once.
    var arena: PackedArena?
    /// Whether linear layers are among those that may be computed of 8-bit integers.
    var isQuantizable = false

    /// The builder of a submodule.
    func scope(_ name: String) -> LayerBuilder {
        LayerBuilder(device: device, weights: weights.scope(name), arena: arena, isQuantizable: isQuantizable)
    }

    /// The builder of one element of a module list.
    func scope(_ name: String, _ index: Int) -> LayerBuilder {
        scope("\(name).\(index)")
    }

    /// The same builder, of linear layers that may or may not be computed of 8-bit integers.
    func quantizable(_ isQuantizable: Bool = true) -> LayerBuilder {
        var builder = self
        builder.isQuantizable = isQuantizable
        return builder
    }

    func linear(_ name: String, _ inputs: Int, _ outputs: Int, bias: Bool = true) throws(WeightError) -> Linear {
        let layer = weights.scope(name)
        let weight = try layer.tensor("weight", shape: [outputs, inputs])
        let shift = bias ? try layer.tensor("bias", shape: [outputs]) : nil
        return Linear(
            device: device,
            weights: device.pack(linear: weight, bias: shift, isQuantizable: isQuantizable, at: place(of: layer))
        )
    }

    /// Linear layers that are always given the same input.
    func linears(_ names: [String], _ inputs: Int, _ outputs: Int, bias: Bool = true) throws(WeightError) -> Linears {
        var layers: [LinearLayer] = []
        for name in names {
            let layer = weights.scope(name)
            layers.append(
                LinearLayer(
                    weight: try layer.tensor("weight", shape: [outputs, inputs]),
                    bias: bias ? try layer.tensor("bias", shape: [outputs]) : nil,
                    place: place(of: layer)
                )
            )
        }
        return Linears(device: device, group: device.pack(group: layers, isQuantizable: isQuantizable))
    }

    /// A linear layer to `outputs` values and as many gates: the first half of diffusers' `GEGLU`.
    func gatedLinear(_ name: String, _ inputs: Int, _ outputs: Int) throws(WeightError) -> Linear {
        let layer = weights.scope(name)
        let weight = try layer.tensor("weight", shape: [2 * outputs, inputs])
        let shift = try layer.tensor("bias", shape: [2 * outputs])
        return Linear(
            device: device,
            weights: device.pack(
                gatedLinear: weight,
                bias: shift,
                isQuantizable: isQuantizable,
                at: place(of: layer)
            )
        )
    }

    func convolution(
        _ name: String,
        _ inputs: Int,
        _ outputs: Int,
        kernel: Int = 3,
        geometry: ConvolutionGeometry? = nil
    ) throws(WeightError) -> Convolution {
        let layer = weights.scope(name)
        let weight = try layer.tensor("weight", shape: [outputs, inputs, kernel, kernel])
        let bias = try layer.tensor("bias", shape: [outputs])
        return Convolution(
            device: device,
            weights: device.pack(convolution: weight, bias: bias, at: place(of: layer)),
            geometry: geometry ?? .same(kernel: kernel)
        )
    }

    func groupNorm(_ name: String, _ channels: Int, groups: Int, epsilon: Float) throws(WeightError) -> GroupNorm {
        try GroupNorm(
            device: device,
            weights: normalization(name, channels),
            groups: groups,
            epsilon: epsilon
        )
    }

    func layerNorm(_ name: String, _ channels: Int, epsilon: Float = 1e-5) throws(WeightError) -> LayerNorm {
        try LayerNorm(device: device, weights: normalization(name, channels), epsilon: epsilon)
    }

    func embedding(_ name: String, entries: Int, channels: Int) throws(WeightError) -> EmbeddingWeights {
        let table = weights.scope(name)
        return device.pack(embedding: try table.tensor("weight", shape: [entries, channels]), at: place(of: table))
    }

    private func normalization(_ name: String, _ channels: Int) throws(WeightError) -> NormalizationWeights {
        let layer = weights.scope(name)
        let scale = try layer.tensor("weight", shape: [channels])
        let shift = try layer.tensor("bias", shape: [channels])
        return device.pack(normalization: scale, shift: shift, at: place(of: layer))
    }

    private func place(of layer: WeightReader) -> PackedPlace {
        arena.map { .arena($0, name: layer.path) } ?? .own
    }
}
