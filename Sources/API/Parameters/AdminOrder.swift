// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird

/// What an operator sends as a JSON object.
///
/// Unlike a request for pictures it is read strictly: a field that is not known may be a limit that is misspelled.
protocol AdminOrder: Decodable {
    associatedtype Field: CodingKey & CaseIterable
}

extension AdminOrder {
    /// Reads the body of `request`.
    ///
    /// - Throws: ``APIError`` that names the first field that is missing, of the wrong kind or not known.
    init(from request: inout Request) async throws {
        let body = try await request.body.collect(upTo: 16 << 10)
        request.body = RequestBody(buffer: ByteBuffer())
        do {
            self = try JSONDecoder().decode(StrictOrder<Self>.self, from: Data(body.readableBytesView)).order
        } catch DecodingError.keyNotFound(let key, _) {
            throw APIError(field: key.stringValue, "must be given")
        } catch DecodingError.typeMismatch(_, let context) where !context.codingPath.isEmpty,
            DecodingError.valueNotFound(_, let context) where !context.codingPath.isEmpty,
            DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty
        {
            throw APIError(field: context.codingPath[0].stringValue, "has a value of the wrong kind")
        } catch is DecodingError {
            throw APIError(.invalidJSON, "The body must be a JSON object.")
        }
    }
}

extension APIError {
    /// Refuses the value of a field of an ``AdminOrder``.
    init(field: String, _ limit: String) {
        self.init(.invalidParameter, "\(field) \(limit).")
        self.field = field
        self.limit = limit
    }
}

/// An order whose fields are all known.
private struct StrictOrder<Order: AdminOrder>: Decodable {
    let order: Order

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        let known = Order.Field.allCases.map(\.stringValue)
        let names = try decoder.container(keyedBy: Name.self).allKeys.map(\.stringValue)
        if let name = names.sorted().first(where: { !known.contains($0) }) {
            throw APIError(field: String(name.prefix(64)), "is not known; there are: \(known.joined(separator: ", "))")
        }
        order = try Order(from: decoder)
    }
}
