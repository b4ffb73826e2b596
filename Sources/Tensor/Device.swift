// SPDX-License-Identifier: Apache-2.0

/// The seam between the model and the hardware: the fused operations Stable Diffusion is made of.
///
/// The model is written once against this protocol; a device implements it. Every operation returns a new tensor of the
/// device's ``precision``, accumulates in float32, and computes each row (the first axis) by arithmetic that depends on
/// that row alone: not on the other rows, not on how many there are, not on the number of threads. (A GPU's library may
/// not have one algorithm for every number of rows: then how many there are shows in the rounding. See docs/gpu.md.)
///
/// Shapes are checked by preconditions: a mismatch is a mistake in the model, never in a file or a request.
package protocol Device: AnyObject, Sendable {
    /// What the device computes with.
    var arithmetic: Arithmetic { get }
    /// Names how it computes: devices with one name and one ``arithmetic`` give the same bits.
    var codePath: String { get }
    /// Names how packed weights lie: devices with one name and one ``arithmetic`` pack the same bytes.
    var weightLayout: String { get }

    // MARK: Memory

    /// Copies host values to the device, rounding them to ``precision``.
    func upload(_ values: [Float], shape: Shape) -> Tensor
    /// Copies a tensor to the host as float32.
    func download(_ tensor: Tensor) -> [Float]
    /// Gives memory that no tensor uses back to the system.
    func trim()
    /// Waits until every operation that was started is done.
    func synchronize()
    /// Floating-point operations a second that the device reaches where nothing but multiplications holds it up.
    func measurePeak() -> Double

    // MARK: Weights, packed once into the device's own layout

    //
    // Only shapes are looked at here. The elements are read when the place is filled: with `.own` at once, in an arena
    // when it is settled, and not at all if a packed file has them.

    /// Packs a linear layer's `[outputs, inputs]` weight and `[outputs]` bias.
    ///
    /// With `isQuantizable`, a device whose ``arithmetic`` asks for it may pack 8-bit integers.
    func pack(
        linear weight: any HostTensor,
        bias: (any HostTensor)?,
        isQuantizable: Bool,
        at place: PackedPlace
    ) -> LinearWeights
    /// Packs a gated linear layer: the first half of the outputs are values, the second half their gates, as GEGLU has them.
    func pack(
        gatedLinear weight: any HostTensor,
        bias: (any HostTensor)?,
        isQuantizable: Bool,
        at place: PackedPlace
    ) -> LinearWeights
    /// Packs linear layers of one size that are always given the same input.
    ///
    /// A device may keep them together, in the first one's place; by default each has its own.
    func pack(group: [LinearLayer], isQuantizable: Bool) -> LinearGroup
    /// Packs a convolution's `[outputs, inputs, height, width]` weight and `[outputs]` bias.
    func pack(convolution weight: any HostTensor, bias: (any HostTensor)?, at place: PackedPlace) -> ConvolutionWeights
    /// Packs a normalisation layer's `[channels]` scale and shift.
    func pack(normalization scale: any HostTensor, shift: any HostTensor, at place: PackedPlace) -> NormalizationWeights
    /// Packs an embedding table of `[entries, channels]`.
    func pack(embedding table: any HostTensor, at place: PackedPlace) -> EmbeddingWeights

    // MARK: Operations

    /// `activation(x · Wᵀ + b) + residual` over the last axis of `x`.
    ///
    /// With gated weights (`.geglu`), `outputs` is half of the packed rows: `value * gelu(gate)`.
    func linear(_ x: Tensor, _ weights: LinearWeights, activation: Activation, residual: Tensor?) -> Tensor

    /// `x · Wᵀ + b` for each layer of a group.
    func linears(_ x: Tensor, _ group: LinearGroup) -> [Tensor]

    /// A square convolution over `[rows, height, width, channels]`: `conv(x) + b + rowBias + residual`.
    ///
    /// - Parameters:
    ///   - rowBias: `[rows, outputs]`, added to every pixel of its row: a residual block's time embedding.
    ///   - residual: of the result's shape.
    func convolution(
        _ x: Tensor,
        _ weights: ConvolutionWeights,
        geometry: ConvolutionGeometry,
        rowBias: Tensor?,
        residual: Tensor?
    ) -> Tensor

    /// Group normalisation over `[rows, …, channels]` with statistics per row and group, then `activation`.
    func groupNorm(
        _ x: Tensor,
        _ weights: NormalizationWeights,
        groups: Int,
        epsilon: Float,
        activation: Activation
    ) -> Tensor

    /// Layer normalisation over the last axis.
    func layerNorm(_ x: Tensor, _ weights: NormalizationWeights, epsilon: Float) -> Tensor

    /// `softmax(q · kᵀ / √d) · v` per head, over `[rows, tokens, heads * d]`; keys and values may have another number of
    /// tokens than queries. With `causal`, token i sees tokens 0…i.
    func attention(query: Tensor, key: Tensor, value: Tensor, heads: Int, causal: Bool) -> Tensor

    /// Nearest-neighbour upsampling of `[rows, height, width, channels]` to the given size.
    ///
    /// Source pixel of `y` is `floor(y * height / newHeight)`, as in `torch.nn.functional.interpolate`.
    func upsampleNearest(_ x: Tensor, height: Int, width: Int) -> Tensor

    /// Two tensors side by side along the last axis.
    func concatenate(_ first: Tensor, _ second: Tensor) -> Tensor

    /// The rows of several tensors of one inner shape, one after the other.
    func stack(_ tensors: [Tensor]) -> Tensor

    /// Rows of a table: `[tokens.count, channels]`, plus `positions` row `i % positions.count` for token i.
    func embed(_ tokens: [Int], _ table: EmbeddingWeights, positions: EmbeddingWeights) -> Tensor

    /// `activation(x)` for each element.
    func activate(_ x: Tensor, _ activation: Activation) -> Tensor

    // MARK: Whole networks

    /// `body(inputs)`, which must depend on the inputs and on weights alone, and by their shapes do the same operations.
    ///
    /// A device may write down what `body` does the first times, and do that again without calling it.
    ///
    /// - Parameter function: says which function `body` is.
    func evaluate(_ function: DeviceFunction, _ inputs: [Tensor], _ body: ([Tensor]) -> Tensor) -> Tensor
}

/// The identity of a function of tensors that a device is asked to evaluate again and again.
package final class DeviceFunction: Sendable {
    package init() {}
}

extension Device {
    /// The type of activations, and of packed weights but quantized ones.
    package var precision: DType { arithmetic.precision }

    package func evaluate(
        _ function: DeviceFunction,
        _ inputs: [Tensor],
        _ body: ([Tensor]) -> Tensor
    ) -> Tensor {
        body(inputs)
    }

    package func pack(group: [LinearLayer], isQuantizable: Bool) -> LinearGroup {
        LinearGroup(
            layers: group.map {
                pack(linear: $0.weight, bias: $0.bias, isQuantizable: isQuantizable, at: $0.place)
            }
        )
    }

    package func linears(_ x: Tensor, _ group: LinearGroup) -> [Tensor] {
        group.layers.map { linear(x, $0, activation: .none, residual: nil) }
    }

    package func pack(linear weight: any HostTensor, bias: (any HostTensor)?) -> LinearWeights {
        pack(linear: weight, bias: bias, isQuantizable: false, at: .own)
    }

    package func pack(gatedLinear weight: any HostTensor, bias: (any HostTensor)?) -> LinearWeights {
        pack(gatedLinear: weight, bias: bias, isQuantizable: false, at: .own)
    }

    package func pack(convolution weight: any HostTensor, bias: (any HostTensor)?) -> ConvolutionWeights {
        pack(convolution: weight, bias: bias, at: .own)
    }

    package func pack(normalization scale: any HostTensor, shift: any HostTensor) -> NormalizationWeights {
        pack(normalization: scale, shift: shift, at: .own)
    }

    package func pack(embedding table: any HostTensor) -> EmbeddingWeights {
        pack(embedding: table, at: .own)
    }
}

/// A linear layer before it is packed.
package struct LinearLayer {
    package let weight: any HostTensor
    package let bias: (any HostTensor)?
    package let place: PackedPlace

    package init(weight: any HostTensor, bias: (any HostTensor)?, place: PackedPlace) {
        self.weight = weight
        self.bias = bias
        self.place = place
    }
}

/// What is applied to each element of an operation's result.
package enum Activation: Sendable {
    case none
    /// `x * sigmoid(x)`.
    case silu
    /// `x * Φ(x)` with the exact normal distribution function, not the tanh approximation.
    case gelu
    /// `value * gelu(gate)` over weights packed as gated.
    case geglu
}

/// Where a convolution looks.
package struct ConvolutionGeometry: Hashable, Sendable {
    package var stride: Int
    /// Rows and columns of zeros before the first pixel.
    package var leading: Int
    /// Rows and columns of zeros after the last pixel.
    package var trailing: Int
    /// Whether the kernel moves over the picture enlarged to twice its extents by nearest neighbours.
    package var upsamples: Bool

    package init(stride: Int = 1, leading: Int = 0, trailing: Int = 0, upsamples: Bool = false) {
        self.stride = stride
        self.leading = leading
        self.trailing = trailing
        self.upsamples = upsamples
    }

    /// As many pixels out as in: a kernel of odd size, half of it around each pixel.
    package static func same(kernel: Int) -> ConvolutionGeometry {
        ConvolutionGeometry(leading: kernel / 2, trailing: kernel / 2)
    }

    /// The same over a picture that is enlarged already.
    package var afterUpsampling: ConvolutionGeometry {
        ConvolutionGeometry(stride: stride, leading: leading, trailing: trailing)
    }

    /// The extent of the result for an extent of the input.
    package func outputExtent(_ extent: Int, kernel: Int) -> Int {
        // Division rounds towards zero: a kernel that does not fit anywhere would seem to fit once.
        let places = (upsamples ? 2 * extent : extent) + leading + trailing - kernel
        return places < 0 ? 0 : places / stride + 1
    }
}
