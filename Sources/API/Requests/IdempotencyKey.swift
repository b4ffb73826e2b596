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
    /// A digest of what the fields say at an address, whatever their order and the format they were sent in.
    func fingerprint(at address: String) -> [UInt8] {
        var hash = SHA256()
        hash.update(field: Data(address.utf8))
        for (name, value) in fields.sorted(by: { $0.name < $1.name }) {
            hash.update(field: Data(name.utf8))
            hash.update(value)
        }
        return Array(hash.finalize())
    }
}

extension SHA256 {
    fileprivate mutating func update(_ value: FieldValue) {
        switch value {
        case .file(let bytes): update(field: Data(bytes))
        case .text(let text): update(field: Data(text.utf8))
        case .null, .boolean, .integer, .number, .other: update(field: Data(value.description.utf8))
        case .array(let values):
            update(field: Data("\(values.count) values".utf8))
            for value in values { update(value) }
        case .object(let fields):
            update(field: Data("\(fields.count) fields".utf8))
            for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
                update(field: Data(name.utf8))
                update(value)
            }
        }
    }

    /// Adds `bytes` so that where they end makes a difference.
    fileprivate mutating func update(field bytes: Data) {
        update(data: Data("\(bytes.count):".utf8))
        update(data: bytes)
    }
}
