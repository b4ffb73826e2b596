// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A web address that a caller gave, of a form that every part of the program reads the same way.
struct OutboundURL: Equatable, Sendable, CustomStringConvertible {
    let scheme: String
    /// A name in lower case, or an address without brackets.
    let host: String
    let description: String

    private static let maxLength = 2048

    /// Reads an address and checks what can be checked without asking for names.
    ///
    /// - Throws: ``OutboundError`` for an address of another form, or one that `policy` rules out.
    init(_ text: String, policy: OutboundPolicy) throws(OutboundError) {
        guard text.utf8.count <= Self.maxLength, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            let components = URLComponents(string: text),
            let scheme = components.scheme?.lowercased(), ["http", "https"].contains(scheme),
            let host = components.encodedHost?.lowercased(), components.user == nil, components.password == nil,
            components.port.map((1...65_535).contains) ?? true
        else { throw .malformed }
        guard scheme == "https" || policy.allowsHTTP else { throw .notEncrypted }
        // No escapes, no zones: what is left has one meaning.
        let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        let isName = bare == host && host.wholeMatch(of: /[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?/) != nil
        let address = IPAddress(bare)
        guard isName || (address != nil && !bare.contains("%")) else { throw .malformed }
        if let address, !address.isPublic, !policy.allowsPrivateAddresses { throw .notPublic }
        self.scheme = scheme
        self.host = bare
        let port = components.port.map { ":\($0)" } ?? ""
        let path = components.percentEncodedPath.isEmpty ? "/" : components.percentEncodedPath
        let query = components.percentEncodedQuery.map { "?\($0)" } ?? ""
        description = "\(scheme)://\(host)\(port)\(path)\(query)"
    }

    /// Where a redirect leads that was answered at this address.
    func redirected(to location: String, policy: OutboundPolicy) throws(OutboundError) -> OutboundURL {
        guard let base = URL(string: description), let target = URL(string: location, relativeTo: base) else {
            throw .malformed
        }
        return try OutboundURL(target.absoluteString, policy: policy)
    }
}
