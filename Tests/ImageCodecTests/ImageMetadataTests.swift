// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import Testing

@Suite struct ImageMetadataTests {
    private static let texts = [
        "a cat\nNegative prompt: dog\nSteps: 25, Sampler: DDIM, CFG scale: 7.5, Seed: 17123564234, Size: 768x768",
        "été à la plage", "猫 in a hat 🎩", "<x>&\"'", "tab\tand\r\nreturn\u{A0}",
    ]

    @Test(arguments: ImageFormat.allCases, texts)
    func `generation parameters can be read back`(format: ImageFormat, text: String) throws {
        let metadata = ImageMetadata(parameters: text, digitalSourceType: .trainedAlgorithmicMedia)
        let bytes = try ImageEncoder(format: format).encode(.sample(), metadata: metadata)
        #expect(try ImageDecoder().decode(bytes).metadata == metadata)
    }

    @Test(arguments: ImageFormat.allCases, DigitalSourceType.allCases)
    func `the mark of a model's work can be read back`(format: ImageFormat, type: DigitalSourceType) throws {
        let metadata = ImageMetadata(digitalSourceType: type)
        let bytes = try ImageEncoder(format: format).encode(.sample(), metadata: metadata)
        #expect(try ImageDecoder().decode(bytes).metadata == metadata)
        #expect(bytes.firstRange(of: Array(type.uri.utf8)) != nil)
    }

    @Test(arguments: ImageFormat.allCases)
    func `metadata leaves the pixels alone`(format: ImageFormat) throws {
        let encoder = try ImageEncoder(format: format)
        let metadata = ImageMetadata(parameters: "a cat", digitalSourceType: .trainedAlgorithmicMedia)
        let plain = try ImageDecoder().decode(encoder.encode(.sample()))
        #expect(plain.metadata == ImageMetadata())
        #expect(try ImageDecoder().decode(encoder.encode(.sample(), metadata: metadata)).image == plain.image)
    }

    @Test(arguments: [("a cat", "tEXt"), ("é", "tEXt"), ("猫", "iTXt")])
    func `PNG uses Latin-1 text where it can`(text: String, chunk: String) throws {
        let bytes = try ImageEncoder(format: .png).encode(.sample(), metadata: ImageMetadata(parameters: text))
        #expect(bytes.firstRange(of: Array("\(chunk)parameters\0".utf8)) != nil)
    }

    @Test func `JPEG stores the parameters as piexif does`() throws {
        let bytes = try ImageEncoder(format: .jpeg).encode(.sample(), metadata: ImageMetadata(parameters: "cat"))
        #expect(bytes.firstRange(of: Array("Exif\0\0MM\0*".utf8)) != nil)
        #expect(bytes.firstRange(of: Array("UNICODE\0\0c\0a\0t".utf8)) != nil)
    }

    @Test func `reads what other programs write`() throws {
        let comment = try ImageDecoder().decode(Fixture.bytes("comment-little-endian.jpeg"))
        #expect(comment.metadata.parameters == "a cat, été")
        let mark = try ImageDecoder().decode(Fixture.bytes("mark-as-attribute.webp"))
        #expect(mark.metadata.digitalSourceType == .compositeWithTrainedAlgorithmicMedia)
    }

    @Test(arguments: ImageFormat.allCases)
    func `empty parameters are not written`(format: ImageFormat) throws {
        let encoder = try ImageEncoder(format: format)
        #expect(try encoder.encode(.sample(), metadata: ImageMetadata(parameters: "")) == encoder.encode(.sample()))
    }

    @Test(arguments: ImageFormat.allCases)
    func `refuses text with a zero character`(format: ImageFormat) throws {
        let encoder = try ImageEncoder(format: format)
        let error = #expect(throws: ImageCodecError.self) {
            try encoder.encode(.sample(), metadata: ImageMetadata(parameters: "a\0b"))
        }
        guard case .invalidMetadata(format, _) = error else {
            Issue.record("unexpected error: \(String(describing: error))")
            return
        }
    }

    @Test func `refuses parameters longer than a JPEG segment`() throws {
        let metadata = ImageMetadata(parameters: String(repeating: "x", count: 40_000))
        let error = #expect(throws: ImageCodecError.self) {
            try ImageEncoder(format: .jpeg).encode(.sample(), metadata: metadata)
        }
        guard case .invalidMetadata(.jpeg, _) = error else {
            Issue.record("unexpected error: \(String(describing: error))")
            return
        }
        for format in [ImageFormat.png, .webp] {
            let bytes = try ImageEncoder(format: format).encode(.sample(), metadata: metadata)
            #expect(try ImageDecoder().decode(bytes).metadata == metadata)
        }
    }
}
