// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// What a browser compares to know whether it has the bytes already (RFC 9110, section 8.8.3).
struct EntityTag: Sendable, CustomStringConvertible {
    /// The tag as headers write it, in quotes.
    let description: String

    /// A tag for bytes that `name` stands for.
    init(_ name: some CustomStringConvertible) {
        description = "\"\(name)\""
    }

    /// Whether the request's `If-None-Match` names the tag, compared weakly.
    func isKnown(to request: Request) -> Bool {
        request.headers[values: .ifNoneMatch].contains { header in
            header.split(separator: ",").contains { entry in
                let name = entry.filter { !$0.isWhitespace }
                return name == "*" || name == description || name == "W/\(description)"
            }
        }
    }
}
