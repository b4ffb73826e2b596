// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird

extension Response {
    /// An answer with `value` as its JSON body.
    init(status: HTTPResponse.Status, headers: HTTPFields = [:], json value: some Encodable) throws {
        self.init(
            status: status,
            headers: headers,
            contentType: "application/json; charset=utf-8",
            bytes: Array(try JSONEncoder.api.encode(value))
        )
    }

    /// An answer with `bytes` as its body.
    init(status: HTTPResponse.Status, headers: HTTPFields = [:], contentType: String, bytes: [UInt8]) {
        var headers = headers
        headers[.contentType] = contentType
        headers[.contentLength] = String(bytes.count)
        self.init(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}

extension JSONEncoder {
    /// Writes the JSON of answers: the same answer has the same bytes, and addresses read as addresses.
    static var api: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
