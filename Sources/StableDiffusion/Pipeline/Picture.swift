// SPDX-License-Identifier: Apache-2.0

/// A finished picture or a reference picture: 8-bit RGB.
package struct Picture: Hashable, Sendable {
    package let width: Int
    package let height: Int
    /// Red, green and blue of each pixel, row by row from the top: `width * height * 3` bytes.
    package let pixels: [UInt8]

    package init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(pixels.count == width * height * 3, "\(pixels.count) bytes are not \(width)x\(height) RGB")
        self.width = width
        self.height = height
        self.pixels = pixels
    }
}

extension Picture {
    /// A picture from the decoder's `[height, width, 3]` values of about -1…1, rounded as diffusers rounds them.
    ///
    /// Pixels may all be white, as those of a white reference that is hardly changed are: their values still differ.
    ///
    /// - Throws: ``PipelineError/invalidOutput(_:)`` if a value is not finite or all pixels have the same values: what a
    ///   network gives when its arithmetic overflowed, and never a picture.
    init(decoded values: [Float], width: Int, height: Int) throws(PipelineError) {
        guard values.allSatisfy(\.isFinite) else {
            throw .invalidOutput("the decoded picture has values that are not numbers")
        }
        let isBlank = zip(values, values.dropFirst(3)).allSatisfy { $0 == $1 }
        guard !isBlank else { throw .invalidOutput("the decoded picture is blank") }
        let pixels = values.map { value in
            UInt8((min(max(value / 2 + 0.5, 0), 1) * 255).rounded(.toNearestOrEven))
        }
        self.init(width: width, height: height, pixels: pixels)
    }

    /// The `[height, width, 3]` values of -1…1 that the encoder takes.
    var normalized: [Float] {
        pixels.map { Float($0) / 255 * 2 - 1 }
    }

    /// The upper left part.
    func cropped(width: Int, height: Int) -> Picture {
        guard width != self.width || height != self.height else { return self }
        return Picture(
            width: width,
            height: height,
            pixels: (0..<height).flatMap { y in pixels[y * self.width * 3..<(y * self.width + width) * 3] }
        )
    }

    /// The picture with its last column and row repeated to the right and below.
    func padded(width: Int, height: Int) -> Picture {
        guard width != self.width || height != self.height else { return self }
        var padded: [UInt8] = []
        padded.reserveCapacity(width * height * 3)
        for y in 0..<height {
            let row = pixels[min(y, self.height - 1) * self.width * 3..<(min(y, self.height - 1) + 1) * self.width * 3]
            padded += row
            for _ in self.width..<width { padded += row.suffix(3) }
        }
        return Picture(width: width, height: height, pixels: padded)
    }
}
