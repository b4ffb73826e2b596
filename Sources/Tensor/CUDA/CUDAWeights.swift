// SPDX-License-Identifier: Apache-2.0

import CCUDA
import Synchronization

/// A layer's packed weights: on the host, often in a mapped file, until the GPU first needs them.
final class CUDAWeights: PackedWeights {
    private let block: PackedBlock
    /// Where the second part begins: a bias, a shift.
    let second: Int
    let hasBias: Bool
    private let uploaded = Mutex<CUDAMemory?>(nil)

    init(block: PackedBlock, second: Int, hasBias: Bool = true) {
        self.block = block
        self.second = second
        self.hasBias = hasBias
    }

    var byteCount: Int { block.byteCount }

    /// The weights in the GPU's memory, copied there once.
    func address(on device: CUDADevice) -> cc_address {
        uploaded.withLock { uploaded in
            if let uploaded { return uploaded.address }
            let memory = CUDAMemory(device.handle, byteCount: byteCount)
            unsafe device.staging.copy(
                UnsafeRawBufferPointer(start: block.pointer, count: byteCount),
                to: memory.address
            )
            uploaded = memory
            return memory.address
        }
    }
}

extension CUDADevice {
    /// Where weights that this device packed lie, and their second part; whether that is a bias that is not all zeros.
    func addresses(_ weights: any PackedWeights) -> (first: cc_address, second: cc_address, hasBias: Bool) {
        guard let weights = weights as? CUDAWeights else {
            preconditionFailure("weights of another device were given to the GPU")
        }
        let address = weights.address(on: self)
        return (address, address + cc_address(weights.second), weights.hasBias)
    }

    // MARK: Packing

    package func pack(
        linear weight: any HostTensor,
        bias: (any HostTensor)?,
        isQuantizable: Bool,
        at place: PackedPlace
    ) -> LinearWeights {
        LinearWeights(
            inputs: weight.shape[1],
            outputs: weight.shape[0],
            isGated: false,
            packed: pack(matrix: weight, bias, at: place)
        )
    }

    package func pack(
        gatedLinear weight: any HostTensor,
        bias: (any HostTensor)?,
        isQuantizable: Bool,
        at place: PackedPlace
    ) -> LinearWeights {
        precondition(weight.shape[0] % 2 == 0, "gated weights come in halves, not \(weight.shape[0])")
        return LinearWeights(
            inputs: weight.shape[1],
            outputs: weight.shape[0] / 2,
            isGated: true,
            packed: pack(matrix: weight, bias, at: place)
        )
    }

    /// `[outputs, inputs]` as it is, and the bias, zeros where there is none, in the device's precision.
    private func pack(matrix weight: any HostTensor, _ bias: (any HostTensor)?, at place: PackedPlace) -> CUDAWeights {
        let (outputs, inputs) = (weight.shape[0], weight.shape[1])
        // A 1x1 convolution's weight serves as a linear layer's, so trailing axes of 1 are fine.
        precondition(weight.shape.count == outputs * inputs, "cannot pack \(weight.shape)")
        let second = aligned(outputs * inputs * precision.size)
        let block = unsafe place.block(
            layout: "cuda matrix, \(outputs) x \(inputs) \(precision.rawValue), bias",
            byteCount: second + outputs * precision.size
        ) { [host, precision] out in
            unsafe host.copy(weight, to: out, as: precision)
            unsafe Self.copy(bias, count: outputs, to: out + second, as: precision, host)
        }
        return CUDAWeights(block: block, second: second, hasBias: bias != nil)
    }

    /// The matrices of a group one after the other, then their biases.
    package func pack(group: [LinearLayer], isQuantizable: Bool) -> LinearGroup {
        let (outputs, inputs) = (group[0].weight.shape[0], group[0].weight.shape[1])
        precondition(group.allSatisfy { $0.weight.shape == [outputs, inputs] }, "a group of layers of different sizes")
        let size = outputs * inputs * precision.size
        let second = aligned(group.count * size)
        let block = unsafe group[0].place.block(
            layout: "cuda matrices, \(group.count) x \(outputs) x \(inputs) \(precision.rawValue), biases",
            byteCount: second + group.count * outputs * precision.size
        ) { [host, precision] out in
            for (index, layer) in group.enumerated() {
                unsafe host.copy(layer.weight, to: out + index * size, as: precision)
                let bias = unsafe out + second + index * outputs * precision.size
                unsafe Self.copy(layer.bias, count: outputs, to: bias, as: precision, host)
            }
        }
        let packed = CUDAWeights(block: block, second: second, hasBias: group.contains { $0.bias != nil })
        return LinearGroup(
            layers: group.map { _ in LinearWeights(inputs: inputs, outputs: outputs, isGated: false, packed: packed) },
            packed: packed
        )
    }

    package func pack(
        convolution weight: any HostTensor,
        bias: (any HostTensor)?,
        at place: PackedPlace
    ) -> ConvolutionWeights {
        let shape = weight.shape
        precondition(shape.rank == 4 && shape[2] == shape[3], "\(shape) is not [outputs, inputs, kernel, kernel]")
        precondition((1...11).contains(shape[2]), "a convolution of kernel \(shape[2])")
        let packed = shape[2] == 1 ? pack(matrix: weight, bias, at: place) : pack(kernel: weight, bias, at: place)
        return ConvolutionWeights(inputs: shape[1], outputs: shape[0], kernel: shape[2], packed: packed)
    }

    /// `[outputs, kernel, kernel, inputs]`, with channels that ``padded(_:)`` adds, then a float32 bias.
    private func pack(kernel weight: any HostTensor, _ bias: (any HostTensor)?, at place: PackedPlace) -> CUDAWeights {
        let (outputs, inputs, taps) = (weight.shape[0], weight.shape[1], weight.shape[2] * weight.shape[3])
        let (paddedOutputs, paddedInputs) = (padded(outputs), padded(inputs))
        let second = aligned(paddedOutputs * taps * paddedInputs * precision.size)
        let block = unsafe place.block(
            layout: "cuda kernel, \(paddedOutputs) x \(taps) x \(paddedInputs) \(precision.rawValue), float32 bias",
            byteCount: second + outputs * 4
        ) { [host, precision] out in
            let plain = OwnedMemory(byteCount: weight.shape.count * precision.size)
            unsafe host.copy(weight, to: plain.memory.pointer, as: precision)
            unsafe out.initializeMemory(as: UInt8.self, repeating: 0, count: second)
            // Safe: every output's part is written by one of the calls.
            nonisolated(unsafe) let to = unsafe out
            nonisolated(unsafe) let from = unsafe plain.memory.pointer
            let size = precision.size
            host.parallel(outputs) { output in
                for input in 0..<inputs {
                    for tap in 0..<taps {
                        unsafe (to + ((output * taps + tap) * paddedInputs + input) * size).copyMemory(
                            from: from + ((output * inputs + input) * taps + tap) * size,
                            byteCount: size
                        )
                    }
                }
            }
            withExtendedLifetime(plain) {}
            unsafe Self.copy(bias, count: outputs, to: out + second, as: .float32, host)
        }
        return CUDAWeights(block: block, second: second)
    }

    package func pack(normalization scale: any HostTensor, shift: any HostTensor, at place: PackedPlace)
        -> NormalizationWeights
    {
        let channels = scale.shape.count
        let second = aligned(channels * 4)
        let block = unsafe place.block(
            layout: "cuda scale and shift, \(channels) float32",
            byteCount: second + channels * 4
        ) { [host] out in
            unsafe Self.copy(scale, count: channels, to: out, as: .float32, host)
            unsafe Self.copy(shift, count: channels, to: out + second, as: .float32, host)
        }
        return NormalizationWeights(channels: channels, packed: CUDAWeights(block: block, second: second))
    }

    package func pack(embedding table: any HostTensor, at place: PackedPlace) -> EmbeddingWeights {
        let block = unsafe place.block(
            layout: "cuda table, \(table.shape.count) \(precision.rawValue)",
            byteCount: table.shape.count * precision.size
        ) { [host, precision] out in
            unsafe host.copy(table, to: out, as: precision)
        }
        return EmbeddingWeights(
            entries: table.shape[0],
            channels: table.shape[1],
            packed: CUDAWeights(block: block, second: 0)
        )
    }

    /// Writes a vector of `count`, zeros where there is none.
    private static func copy(
        _ vector: (any HostTensor)?,
        count: Int,
        to out: UnsafeMutableRawPointer,
        as dtype: DType,
        _ host: CPUDevice
    ) {
        guard let vector else {
            unsafe out.initializeMemory(as: UInt8.self, repeating: 0, count: count * dtype.size)
            return
        }
        precondition(vector.shape.count == count, "a vector of \(vector.shape) where \(count) are needed")
        unsafe host.copy(vector, to: out, as: dtype)
    }

    /// Channels of a convolution as cuDNN's engines for the matrix units want them.
    func padded(_ channels: Int) -> Int {
        (channels + vector - 1) / vector * vector
    }

    /// Each part begins where the widest access may.
    private func aligned(_ byteCount: Int) -> Int {
        (byteCount + 255) & ~255
    }
}
