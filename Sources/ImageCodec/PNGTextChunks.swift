// SPDX-License-Identifier: Apache-2.0

import CImageCodec

/// The text chunks that say how a picture was made, as libspng takes them.
struct PNGTextChunks {
    private var chunks: [(keyword: String, type: spng_text_type, range: Range<Int>)] = []
    /// An empty text for unused fields, then the texts, each ended by a zero byte: libspng writes up to it, whatever
    /// `length` says.
    private var storage: [CChar] = [0]

    init(_ metadata: ImageMetadata) {
        if let parameters = metadata.parameters {
            // tEXt is printable Latin-1; what it cannot say goes into iTXt, which is UTF-8 and less widely read.
            if let latin1 = Self.printableLatin1(parameters) {
                append(latin1, type: SPNG_TEXT, keyword: SPNGContext.Keyword.parameters)
            } else {
                append(Array(parameters.utf8), type: SPNG_ITXT, keyword: SPNGContext.Keyword.parameters)
            }
        }
        if let type = metadata.digitalSourceType {
            append(
                XMPPacket(digitalSourceType: type).bytes,
                type: SPNG_ITXT,
                keyword: SPNGContext.Keyword.xmp
            )
        }
    }

    /// Lends the chunks; their pointers are valid inside `body` only.
    mutating func withChunks(
        _ body: (UnsafeMutableBufferPointer<spng_text>) throws(ImageCodecError) -> Void
    ) throws(ImageCodecError) {
        let chunks = self.chunks
        try unsafe storage.withUnsafeMutableBufferPointer { (storage) throws(ImageCodecError) in
            guard let base = storage.baseAddress else { throw .encodingFailed(.png, reason: "no text storage") }
            var list = unsafe chunks.map { chunk in
                var text = unsafe spng_text()
                // libspng takes keywords of at most 79 bytes and a zero; both of ours are shorter.
                unsafe withUnsafeMutableBytes(of: &text.keyword) { unsafe $0.copyBytes(from: chunk.keyword.utf8) }
                unsafe text.type = Int32(chunk.type.rawValue)
                unsafe text.text = base + chunk.range.lowerBound
                unsafe text.length = chunk.range.count
                unsafe text.language_tag = base
                unsafe text.translated_keyword = base
                return unsafe text
            }
            try unsafe list.withUnsafeMutableBufferPointer { (list) throws(ImageCodecError) in
                try unsafe body(list)
            }
        }
    }

    private mutating func append(_ bytes: [UInt8], type: spng_text_type, keyword: String) {
        chunks.append((keyword, type, storage.count..<storage.count + bytes.count))
        storage += bytes.map { CChar(bitPattern: $0) } + [0]
    }

    /// The text as the PNG specification lets tEXt hold it: line feeds, no other control characters, no U+00A0.
    private static func printableLatin1(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 10, 32...126, 161...255: bytes.append(UInt8(truncatingIfNeeded: scalar.value))
            default: return nil
            }
        }
        return bytes
    }
}
