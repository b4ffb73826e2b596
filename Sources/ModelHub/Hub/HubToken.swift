// SPDX-License-Identifier: Apache-2.0

/// A secret that tells a hub who asks; never printed.
package struct HubToken: Sendable, CustomStringConvertible {
    let secret: String

    /// Nil if the text cannot be sent as a token.
    package init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= 4_096, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return nil
        }
        secret = text
    }

    package var description: String { "(token)" }
}
