// SPDX-License-Identifier: Apache-2.0

/// A linear layer of the UNet or the text encoder, for a batch of two 512x512 pictures.
struct LinearShape {
    let rows: Int
    let inputs: Int
    let outputs: Int
    var isGated = false

    static let all = [
        LinearShape(rows: 8192, inputs: 320, outputs: 320),
        LinearShape(rows: 8192, inputs: 320, outputs: 2560, isGated: true),
        LinearShape(rows: 8192, inputs: 1280, outputs: 320),
        LinearShape(rows: 2048, inputs: 640, outputs: 640),
        LinearShape(rows: 2048, inputs: 640, outputs: 5120, isGated: true),
        LinearShape(rows: 2048, inputs: 2560, outputs: 640),
        LinearShape(rows: 512, inputs: 1280, outputs: 1280),
        LinearShape(rows: 512, inputs: 1280, outputs: 10240, isGated: true),
        LinearShape(rows: 512, inputs: 5120, outputs: 1280),
        LinearShape(rows: 128, inputs: 1280, outputs: 1280),
        LinearShape(rows: 154, inputs: 1024, outputs: 1024),
        LinearShape(rows: 2, inputs: 1280, outputs: 1280),
    ]
}

/// A 3x3 convolution of the UNet (two rows) or the autoencoder (one).
struct ConvolutionShape {
    let rows: Int
    let inputs: Int
    let outputs: Int
    let extent: Int
    var stride = 1
    /// Whether the picture is enlarged to twice its extents before.
    var upsamples = false

    static let all = [
        ConvolutionShape(rows: 2, inputs: 4, outputs: 320, extent: 64),
        ConvolutionShape(rows: 2, inputs: 320, outputs: 320, extent: 64),
        ConvolutionShape(rows: 2, inputs: 960, outputs: 320, extent: 64),
        ConvolutionShape(rows: 2, inputs: 320, outputs: 4, extent: 64),
        ConvolutionShape(rows: 2, inputs: 320, outputs: 320, extent: 64, stride: 2),
        ConvolutionShape(rows: 2, inputs: 640, outputs: 640, extent: 32),
        ConvolutionShape(rows: 2, inputs: 1280, outputs: 640, extent: 32),
        ConvolutionShape(rows: 2, inputs: 1280, outputs: 1280, extent: 16),
        ConvolutionShape(rows: 2, inputs: 2560, outputs: 1280, extent: 16),
        ConvolutionShape(rows: 2, inputs: 1280, outputs: 1280, extent: 8),
        ConvolutionShape(rows: 1, inputs: 512, outputs: 512, extent: 128),
        ConvolutionShape(rows: 1, inputs: 256, outputs: 256, extent: 256),
        ConvolutionShape(rows: 1, inputs: 128, outputs: 128, extent: 512),
        ConvolutionShape(rows: 1, inputs: 128, outputs: 3, extent: 512),
        ConvolutionShape(rows: 2, inputs: 640, outputs: 640, extent: 32, upsamples: true),
        ConvolutionShape(rows: 1, inputs: 512, outputs: 512, extent: 128, upsamples: true),
        ConvolutionShape(rows: 1, inputs: 256, outputs: 256, extent: 256, upsamples: true),
    ]
}
