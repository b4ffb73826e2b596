// SPDX-License-Identifier: Apache-2.0

/// What a picture file says about how the picture was made.
package struct ImageMetadata: Equatable, Sendable {
    /// The generation parameters as AUTOMATIC1111's web UI writes and reads them.
    ///
    /// `nil` when there are none; empty text is not written.
    /// PNG: a `tEXt` (`iTXt` when not Latin-1) chunk with the keyword `parameters`. JPEG and WebP: EXIF `UserComment`.
    package var parameters: String?
    /// The machine-readable mark that a model made the picture, in XMP; `nil` when there is none.
    package var digitalSourceType: DigitalSourceType?

    /// Describes a picture; the default says nothing about it.
    package init(parameters: String? = nil, digitalSourceType: DigitalSourceType? = nil) {
        self.parameters = parameters
        self.digitalSourceType = digitalSourceType
    }
}

/// How a picture came to be, by the IPTC Digital Source Type vocabulary (cv.iptc.org/newscodes/digitalsourcetype).
///
/// Only the terms for a model's work are known here; a file with another term reads as unmarked.
package enum DigitalSourceType: String, CaseIterable, Sendable {
    /// Made by a model alone, from text.
    case trainedAlgorithmicMedia
    /// Made by a model from or into another picture: image to image, inpainting.
    case compositeWithTrainedAlgorithmicMedia

    /// The vocabulary all terms belong to; a term's URI is this followed by its name.
    static let vocabulary = "http://cv.iptc.org/newscodes/digitalsourcetype/"

    /// The term's URI, the value of `Iptc4xmpExt:DigitalSourceType`.
    package var uri: String { Self.vocabulary + rawValue }
}
