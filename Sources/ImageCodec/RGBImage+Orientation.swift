// SPDX-License-Identifier: Apache-2.0

extension RGBImage {
    /// The picture as it is meant to be seen, given the EXIF `Orientation` it was stored with.
    ///
    /// Values outside 2...8 leave the picture as it is: 1 means upright, the rest are not defined.
    /// Same result as `PIL.ImageOps.exif_transpose`.
    func upright(orientation: Int) throws(ImageCodecError) -> RGBImage {
        guard (2...8).contains(orientation) else { return self }
        let swapsSides = orientation >= 5
        let (outWidth, outHeight) = swapsSides ? (height, width) : (width, height)
        var out = [UInt8](repeating: 0, count: pixels.count)
        for y in 0..<outHeight {
            for x in 0..<outWidth {
                // Where the pixel shown at (x, y) was stored.
                let (column, row) =
                    switch orientation {
                    case 2: (width - 1 - x, y)
                    case 3: (width - 1 - x, height - 1 - y)
                    case 4: (x, height - 1 - y)
                    case 5: (y, x)
                    case 6: (y, height - 1 - x)
                    case 7: (width - 1 - y, height - 1 - x)
                    default: (width - 1 - y, x)
                    }
                let source = (row * width + column) * Self.channels
                let target = (y * outWidth + x) * Self.channels
                for channel in 0..<Self.channels {
                    out[target + channel] = pixels[source + channel]
                }
            }
        }
        return try RGBImage(width: outWidth, height: outHeight, pixels: out)
    }
}
