// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// A multipart form as clients send it.
struct Form {
    enum Value {
        case text(String)
        case file([UInt8])
    }

    let bytes: [UInt8]
    let headers: HTTPFields = [.contentType: "multipart/form-data; boundary=boundary"]

    init(_ fields: [(String, Value)]) {
        var bytes: [UInt8] = []
        for (name, value) in fields {
            bytes += Array("--boundary\r\nContent-Disposition: form-data; name=\"\(name)\"".utf8)
            switch value {
            case .text(let text): bytes += Array("\r\n\r\n\(text)\r\n".utf8)
            case .file(let file): bytes += Array("; filename=\"a.png\"\r\n\r\n".utf8) + file + Array("\r\n".utf8)
            }
        }
        self.bytes = bytes + Array("--boundary--\r\n".utf8)
    }
}
