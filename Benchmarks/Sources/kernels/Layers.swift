// SPDX-License-Identifier: Apache-2.0

import Foundation
import Tensor

/// Attention of the UNet (two rows) or the autoencoder (one) for 512x512 pictures.
struct AttentionShape {
    let rows: Int
    let queries: Int
    let keys: Int
    let heads: Int
    var headSize = 64

    static let all = [
        AttentionShape(rows: 2, queries: 4096, keys: 4096, heads: 5),
        AttentionShape(rows: 2, queries: 1024, keys: 1024, heads: 10),
        AttentionShape(rows: 2, queries: 256, keys: 256, heads: 20),
        AttentionShape(rows: 2, queries: 64, keys: 64, heads: 20),
        AttentionShape(rows: 2, queries: 4096, keys: 77, heads: 5),
        AttentionShape(rows: 2, queries: 1024, keys: 77, heads: 10),
        AttentionShape(rows: 2, queries: 256, keys: 77, heads: 20),
        AttentionShape(rows: 1, queries: 4096, keys: 4096, heads: 1, headSize: 512),
    ]

    /// Multiplications and additions of both products; the softmax counts as nothing.
    var operations: Double { 4 * Double(rows * heads * queries * keys * headSize) }

    func run(on device: CPUDevice) -> () -> Void {
        let channels = heads * headSize
        let query = device.upload(Noise.values(rows * queries * channels), shape: [rows, queries, channels])
        let key = device.upload(Noise.values(rows * keys * channels), shape: [rows, keys, channels])
        return { _ = device.attention(query: query, key: key, value: key, heads: heads, causal: false) }
    }
}

/// What the UNet (two rows) and the autoencoder (one) normalise.
struct NormalizationShape {
    let rows: Int
    let pixels: Int
    let channels: Int

    static let all = [
        NormalizationShape(rows: 2, pixels: 4096, channels: 320),
        NormalizationShape(rows: 2, pixels: 4096, channels: 960),
        NormalizationShape(rows: 2, pixels: 1024, channels: 640),
        NormalizationShape(rows: 2, pixels: 256, channels: 1280),
        NormalizationShape(rows: 1, pixels: 65536, channels: 512),
        NormalizationShape(rows: 1, pixels: 262_144, channels: 256),
        NormalizationShape(rows: 1, pixels: 262_144, channels: 128),
    ]

    /// Prints how long group normalisation with SiLU and layer normalisation take.
    func report(on device: CPUDevice) {
        let x = device.upload(Noise.values(rows * pixels * channels), shape: [rows, pixels, channels])
        let weights = device.pack(normalization: Noise([channels]), shift: Noise([channels]))
        let group = measure(runs: 10, threads: device.threads) {
            _ = device.groupNorm(x, weights, groups: 32, epsilon: 1e-5, activation: .silu)
        }
        let layer = measure(runs: 10, threads: device.threads) {
            _ = device.layerNorm(x, weights, epsilon: 1e-5)
        }
        print(
            "norm \(rows) x \(pixels) x \(channels)".padding(toLength: 34, withPad: " ", startingAt: 0),
            String(format: "group + silu %7.2f ms, layer %7.2f ms", group.best * 1e3, layer.best * 1e3)
        )
    }
}
