// SPDX-License-Identifier: Apache-2.0

import Tensor
import Testing

@Suite struct ProfilingDeviceTests {
    private static func device() -> CPUDevice {
        CPUDevice(precision: .float32, threads: 2)
    }

    @Test func `results are those of the wrapped device, in a profile and outside`() {
        let wanted = Operations(on: Self.device()).results()
        let device = ProfilingDevice(Self.device())
        let operations = Operations(on: device)
        #expect(operations.results() == wanted)
        var profiled: [[Float]] = []
        _ = device.profile { profiled = operations.results() }
        #expect(profiled == wanted)
        #expect(device.precision == .float32)
    }

    @Test func `operations are counted by kind`() {
        let device = ProfilingDevice(Self.device())
        let operations = Operations(on: device)
        let profile = device.profile { _ = operations.results() }
        // Two linear layers, and a convolution of one pixel.
        #expect(profile[.linear].count == 3)
        #expect(profile[.convolution].count == 2)
        #expect(profile[.attention].count == 2)
        #expect(profile[.normalization].count == 2)
        // Five operations, an upload of the picture and one of tokens, and a download of each of 14 results.
        #expect(profile[.other].count == 5 + 2 + 14)
        #expect(OperationKind.allCases.allSatisfy { profile[$0].seconds > 0 })
    }

    @Test func `products count two operations each, as direct ones`() {
        let device = ProfilingDevice(Self.device())
        let operations = Operations(on: device)
        let profile = device.profile { _ = operations.results() }
        // Of 2 rows of 6 x 4 pixels, 8 channels to 12: one product, one with a gate, and the convolution of one pixel.
        let pixels = 48
        let linear = 2 * pixels * 8 * 12 * (1 + 2 + 1)
        #expect(profile[.linear].operations == Double(linear))
        // The same of 9 pixels each, and of the 3 x 2 pixels that a stride of 2 leaves.
        let convolution = 2 * 9 * (pixels + 12) * 8 * 12
        #expect(profile[.convolution].operations == Double(convolution))
        // Two products for each pair of tokens: 24 with 5, and 24 with those up to themselves.
        let pairs = 24 * 5 + 24 * 25 / 2
        #expect(profile[.attention].operations == Double(2 * 2 * 2 * 8 * pairs))
        #expect(profile[.normalization].operations == 0)
        #expect(profile[.other].operations == 0)
        #expect(profile.operations == OperationKind.allCases.reduce(0) { $0 + profile[$1].operations })
    }

    @Test func `only what runs in a profile is counted`() {
        let device = ProfilingDevice(Self.device())
        let operations = Operations(on: device)
        _ = operations.results()
        let empty = device.profile {}
        #expect(empty.operations == 0)
        #expect(OperationKind.allCases.allSatisfy { empty[$0].count == 0 })
        let once = device.profile { _ = operations.results() }
        let again = device.profile { _ = operations.results() }
        for kind in OperationKind.allCases {
            #expect(once[kind].count == again[kind].count)
            #expect(once[kind].operations == again[kind].operations)
        }
    }

    @Test func `the kinds' seconds add up to the run's, the time between operations included`() {
        let device = ProfilingDevice(Self.device())
        let clock = ContinuousClock()
        var waited = 0.0
        let profile = device.profile {
            let start = clock.now
            while clock.now - start < .milliseconds(5) {}
            waited = (clock.now - start) / .seconds(1)
        }
        #expect(profile[.other].seconds >= waited)
        #expect(profile.seconds == profile[.other].seconds)
    }

    @Test(arguments: DType.allCases)
    func `a peak is what a processor can have`(_ precision: DType) {
        let peak = CPUDevice(precision: precision, threads: 2).measurePeak()
        #expect(peak > 1e7)
        #expect(peak < 1e14)
    }
}

/// Every operation of a device, once, on small values.
private struct Operations {
    let device: any Device
    let linear: LinearWeights
    let gated: LinearWeights
    let convolution: ConvolutionWeights
    let pointwise: ConvolutionWeights
    let normalization: NormalizationWeights
    let embedding: EmbeddingWeights

    init(on device: any Device) {
        var random = Values(seed: 11)
        func host(_ shape: Shape) -> HostArray { HostArray(random.next(shape.count), shape: shape) }
        self.device = device
        linear = device.pack(linear: host([12, 8]), bias: host([12]))
        gated = device.pack(gatedLinear: host([24, 8]), bias: nil)
        convolution = device.pack(convolution: host([12, 8, 3, 3]), bias: host([12]))
        pointwise = device.pack(convolution: host([12, 8, 1, 1]), bias: nil)
        normalization = device.pack(normalization: host([8]), shift: host([8]))
        embedding = device.pack(embedding: host([9, 8]))
    }

    func results() -> [[Float]] {
        var random = Values(seed: 12)
        let picture = device.upload(random.next(2 * 6 * 4 * 8), shape: [2, 6, 4, 8])
        let tokens = picture.reshaped([2, 24, 8])
        let few = device.upload(random.next(2 * 5 * 8), shape: [2, 5, 8])
        func convolved(_ weights: ConvolutionWeights, _ geometry: ConvolutionGeometry) -> Tensor {
            device.convolution(picture, weights, geometry: geometry, rowBias: nil, residual: nil)
        }
        let results = [
            device.linear(tokens, linear, activation: .gelu, residual: nil),
            device.linear(tokens, gated, activation: .geglu, residual: nil),
            convolved(pointwise, ConvolutionGeometry()),
            convolved(convolution, .same(kernel: 3)),
            convolved(convolution, ConvolutionGeometry(stride: 2, leading: 1, trailing: 1)),
            device.groupNorm(picture, normalization, groups: 2, epsilon: 1e-5, activation: .silu),
            device.layerNorm(tokens, normalization, epsilon: 1e-5),
            device.attention(query: tokens, key: few, value: few, heads: 2, causal: false),
            device.attention(query: tokens, key: tokens, value: tokens, heads: 2, causal: true),
            device.upsampleNearest(picture, height: 12, width: 8),
            device.concatenate(picture, picture),
            device.stack([tokens, tokens]),
            device.embed([1, 8, 3], embedding, positions: embedding),
            device.activate(tokens, .silu),
        ]
        return results.map(device.download)
    }
}
