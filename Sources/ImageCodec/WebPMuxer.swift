// SPDX-License-Identifier: Apache-2.0

import CImageCodec

/// The chunks of a WebP file, owned copies of which libwebpmux keeps until the value ends.
@safe struct WebPMuxer: ~Copyable {
    private let pointer: OpaquePointer

    /// The chunks used here, by the WebP container specification.
    enum Chunk: String {
        case exif = "EXIF"
        case xmp = "XMP "
    }

    /// Takes a WebP file apart; `nil` when its container is malformed.
    init?(parsing file: [UInt8]) {
        let pointer = unsafe file.withUnsafeBufferPointer { buffer in
            var data = unsafe WebPData(bytes: buffer.baseAddress, size: buffer.count)
            return unsafe WebPMuxCreate(&data, 1)
        }
        guard let pointer = unsafe pointer else { return nil }
        unsafe self.pointer = unsafe pointer
    }

    deinit {
        unsafe WebPMuxDelete(pointer)
    }

    /// The payload of a chunk; `nil` when there is none.
    func payload(of chunk: Chunk) -> [UInt8]? {
        var data = unsafe WebPData()
        guard unsafe WebPMuxGetChunk(pointer, chunk.rawValue, &data) == WEBP_MUX_OK else { return nil }
        return unsafe Array(UnsafeBufferPointer(start: data.bytes, count: data.size))
    }

    /// Adds or replaces a chunk.
    func set(_ chunk: Chunk, to payload: [UInt8]) throws(ImageCodecError) {
        let result = unsafe payload.withUnsafeBufferPointer { buffer in
            var data = unsafe WebPData(bytes: buffer.baseAddress, size: buffer.count)
            return unsafe WebPMuxSetChunk(pointer, chunk.rawValue, &data, 1)
        }
        guard result == WEBP_MUX_OK else {
            throw .encodingFailed(.webp, reason: "the \(chunk.rawValue) chunk could not be added (\(result.rawValue))")
        }
    }

    /// The file the chunks make up.
    func assembled() throws(ImageCodecError) -> [UInt8] {
        var data = unsafe WebPData()
        defer { unsafe WebPDataClear(&data) }
        let result = unsafe WebPMuxAssemble(pointer, &data)
        guard result == WEBP_MUX_OK else {
            throw .encodingFailed(.webp, reason: "the file could not be put together (\(result.rawValue))")
        }
        return unsafe Array(UnsafeBufferPointer(start: data.bytes, count: data.size))
    }
}
