// SPDX-License-Identifier: Apache-2.0

/// Why a picture could not be made, written or read.
package enum ImageCodecError: Error, Equatable {
    /// A side is zero or negative, or `pixels` does not hold `width * height * 3` bytes.
    case invalidPixels(width: Int, height: Int, byteCount: Int)
    /// A picture cannot be resized to a size without pixels.
    case invalidSize(width: Int, height: Int)
    /// The quality is not in 1...100.
    case invalidQuality(Int)
    /// The bytes are none of the formats that can be read.
    case unrecognizedFormat
    /// The file is longer than ``DecodingLimits/maxBytes``.
    case tooManyBytes(Int, limit: Int)
    /// The header declares more pixels than ``DecodingLimits/maxPixels``.
    case tooManyPixels(width: Int, height: Int, limit: Int)
    /// The header declares a side longer than ``DecodingLimits/maxSide``.
    case sideOverLimit(width: Int, height: Int, limit: Int)
    /// The file is damaged or cut short.
    case corrupt(ImageFormat, reason: String)
    /// The file is whole but uses a feature that is not read.
    case unsupported(ImageFormat, feature: String)
    /// A side is longer than the format can hold.
    case sideTooLong(ImageFormat, width: Int, height: Int)
    /// The metadata cannot be stored in this format.
    case invalidMetadata(ImageFormat, reason: String)
    /// The library could not write the picture.
    case encodingFailed(ImageFormat, reason: String)
}

extension ImageCodecError: CustomStringConvertible {
    /// A sentence for the person who sent or asked for the picture.
    package var description: String {
        switch self {
        case .invalidPixels(let width, let height, let byteCount):
            "a \(width)x\(height) RGB picture cannot be made of \(byteCount) bytes"
        case .invalidSize(let width, let height):
            "a picture cannot be resized to \(width)x\(height): both sides must be at least 1 pixel"
        case .invalidQuality(let quality):
            "quality must be between 1 and 100. Given: \(quality)"
        case .unrecognizedFormat:
            "the picture is not a PNG, JPEG or WebP file"
        case .tooManyBytes(let count, let limit):
            "the picture file must be at most \(limit) bytes. Given: \(count)"
        case .tooManyPixels(let width, let height, let limit):
            "the picture must have at most \(limit) pixels. Given: \(width)x\(height)"
        case .sideOverLimit(let width, let height, let limit):
            "the picture must be at most \(limit) pixels wide and high. Given: \(width)x\(height)"
        case .corrupt(let format, let reason):
            "the \(format.displayName) file is damaged or incomplete: \(reason)"
        case .unsupported(let format, let feature):
            "the \(format.displayName) file is of a kind that is not supported: \(feature)"
        case .sideTooLong(let format, let width, let height):
            "\(format.displayName) holds at most \(format.maxSide) pixels a side. Given: \(width)x\(height)"
        case .invalidMetadata(let format, let reason):
            "the metadata cannot be stored in a \(format.displayName) file: \(reason)"
        case .encodingFailed(let format, let reason):
            "the picture could not be written as \(format.displayName): \(reason)"
        }
    }
}

extension ImageFormat {
    /// How the format is written in a sentence.
    var displayName: String {
        switch self {
        case .jpeg: "JPEG"
        case .png: "PNG"
        case .webp: "WebP"
        }
    }
}
