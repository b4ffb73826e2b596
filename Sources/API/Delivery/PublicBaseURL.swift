// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Where callers reach this server: what every absolute address in an answer starts with.
package struct PublicBaseURL: Equatable, Sendable, CustomStringConvertible {
    /// Scheme, host, port and path, without a slash at the end.
    package let description: String

    /// A base an operator configured: http or https, with a host, without query or fragment; else `nil`.
    package init?(_ text: String) {
        guard let components = URLComponents(string: text),
            ["http", "https"].contains(components.scheme?.lowercased()),
            let host = components.host, !host.isEmpty, components.user == nil, components.query == nil,
            components.fragment == nil
        else { return nil }
        var base = text[...]
        while base.hasSuffix("/") { base.removeLast() }
        description = String(base)
    }

    /// The base a request was sent to, from its `Host`.
    ///
    /// `nil` when that is missing or anything but a host and a port, which would otherwise let a caller put words of
    /// their choice into answers.
    package init?(host: String?) {
        guard let host, host.utf8.count <= 255,
            host.wholeMatch(of: /([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?/) != nil
        else { return nil }
        description = "http://\(host)"
    }
}
