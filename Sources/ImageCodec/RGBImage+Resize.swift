// SPDX-License-Identifier: Apache-2.0

extension RGBImage {
    /// The picture at another size, by Lanczos resampling.
    ///
    /// Matches `PIL.Image.resize((width, height), LANCZOS)` sample for sample, which is what diffusers' `VaeImageProcessor`
    /// prepares a reference picture with: horizontal pass, then vertical, rounded to 8 bits in between. Pillow 13 swaps the
    /// passes when the height shrinks much more than the width; there the rounding and clipping in between may differ.
    ///
    /// - Throws: ``ImageCodecError/invalidSize(width:height:)`` when a side is below 1.
    package func resized(width newWidth: Int, height newHeight: Int) throws(ImageCodecError) -> RGBImage {
        guard newWidth > 0, newHeight > 0 else {
            throw .invalidSize(width: newWidth, height: newHeight)
        }
        return try resizedHorizontally(to: newWidth).resizedVertically(to: newHeight)
    }

    private func resizedHorizontally(to newWidth: Int) throws(ImageCodecError) -> RGBImage {
        guard newWidth != width else { return self }
        let filter = ResamplingFilter(inputSize: width, outputSize: newWidth)
        var out: [UInt8] = []
        out.reserveCapacity(newWidth * height * Self.channels)
        for y in 0..<height {
            let row = y * width * Self.channels
            for x in 0..<newWidth {
                let first = row + filter.starts[x] * Self.channels
                for channel in 0..<Self.channels {
                    out.append(weightedSum(filter, at: x, first: first + channel, step: Self.channels))
                }
            }
        }
        return try RGBImage(width: newWidth, height: height, pixels: out)
    }

    private func resizedVertically(to newHeight: Int) throws(ImageCodecError) -> RGBImage {
        guard newHeight != height else { return self }
        let filter = ResamplingFilter(inputSize: height, outputSize: newHeight)
        let rowBytes = width * Self.channels
        var out: [UInt8] = []
        out.reserveCapacity(newHeight * rowBytes)
        for y in 0..<newHeight {
            let first = filter.starts[y] * rowBytes
            for column in 0..<rowBytes {
                out.append(weightedSum(filter, at: y, first: first + column, step: rowBytes))
            }
        }
        return try RGBImage(width: width, height: newHeight, pixels: out)
    }

    /// One output sample: the input samples `first`, `first + step`, … under the weights of output `index`.
    private func weightedSum(_ filter: ResamplingFilter, at index: Int, first: Int, step: Int) -> UInt8 {
        var sum = 1 << (ResamplingFilter.precisionBits - 1)
        let weightBase = index * filter.stride
        for tap in 0..<filter.counts[index] {
            // Safe: a weight stays below 2^25 and a sample below 2^8, so no sum of taps comes near 2^63.
            sum &+= Int(pixels[first &+ tap &* step]) &* filter.weights[weightBase &+ tap]
        }
        // Negative lobes overshoot at edges; the shift rounds towards minus infinity as C's does.
        return UInt8(min(max(sum >> ResamplingFilter.precisionBits, 0), 255))
    }
}
