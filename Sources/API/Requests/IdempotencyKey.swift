// SPDX-License-Identifier: Apache-2.0

import Crypto
import Foundation
import Hummingbird

/// The name a caller gives a request, so that sending it twice makes pictures once.
struct IdempotencyKey {
    let text: String

    static let maxLength = 255

    /// The key among `headers`; `nil` without one.
    init?(_ headers: HTTPFields) throws(APIError) {
        guard let text = headers[.idempotencyKey] else { return nil }
        guard (1...Self.maxLength).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            var error = APIError(
                .invalidParameter,
                "The Idempotency-Key must be 1 to \(Self.maxLength) visible ASCII characters."
            )
            error.field = "Idempotency-Key"
            throw error
        }
        self.text = text
    }
}

extension BodyFields {
    /// A digest of what the fields say, whatever their order and the format they were sent in.
    func fingerprint(at endpoint: GenerationEndpoint) -> [UInt8] {
        var hash = SHA256()
        hash.update(field: Data(endpoint.rawValue.utf8))
        for (name, value) in fields.sorted(by: { $0.name < $1.name }) {
            hash.update(field: Data(name.utf8))
            switch value {
            case .file(let bytes): hash.update(field: Data(bytes))
            case .text(let text): hash.update(field: Data(text.utf8))
            case .null, .boolean, .integer, .number, .other: hash.update(field: Data(value.description.utf8))
            }
        }
        return Array(hash.finalize())
    }
}

extension SHA256 {
    /// Adds `bytes` so that where they end makes a difference.
    fileprivate mutating func update(field bytes: Data) {
        update(data: Data("\(bytes.count):".utf8))
        update(data: bytes)
    }
}
