// SPDX-License-Identifier: Apache-2.0

import ImageCodec

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The files beside this one, made by `Fixtures/make_fixtures.py`.
enum Fixture {
    static func bytes(_ name: String) throws -> [UInt8] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
        return [UInt8](try Data(contentsOf: folder.appending(path: name)))
    }
}

extension RGBImage {
    /// A smooth picture with some texture, the same every time.
    static func sample(width: Int = 48, height: Int = 40) throws -> RGBImage {
        let pixels = (0..<width * height).flatMap { index -> [UInt8] in
            let (x, y) = (index % width, index / width)
            return [UInt8(x * 255 / width), UInt8(y * 255 / height), UInt8((x * 3 ^ y * 5) & 0x7F)]
        }
        return try RGBImage(width: width, height: height, pixels: pixels)
    }

    /// The largest difference of two samples; the pictures must be of one size.
    func maxDifference(from other: RGBImage) -> Int {
        zip(pixels, other.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
    }
}
