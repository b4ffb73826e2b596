// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Where a hub is: `https://huggingface.co`, or another that speaks the same protocol.
package struct HubEndpoint: Sendable, Equatable, CustomStringConvertible {
    package static let defaultAddress = "https://huggingface.co"

    /// The address, without a slash at the end.
    package let description: String
    let origin: Origin

    /// Nil if the text is not the address of a hub: http or https, no user, no query.
    package init?(_ text: String) {
        var text = Substring(text)
        while text.hasSuffix("/") { text.removeLast() }
        guard let url = URL(string: String(text), encodingInvalidCharacters: false), let origin = Origin(url),
            url.query == nil, url.fragment == nil
        else { return nil }
        description = String(text)
        self.origin = origin
    }

    /// Whether others on the way cannot read what is sent.
    package var isPrivate: Bool {
        origin.scheme == "https" || ["localhost", "127.0.0.1", "::1", "[::1]"].contains(origin.host)
    }

    /// `GET` gives the model's commit at a revision.
    func revision(_ revision: String, of name: ModelName) throws(HubError) -> URL {
        try url("api/models/\(name)/revision/\(Self.escaped(revision))")
    }

    /// `GET` gives one page of the model's files.
    func tree(of name: ModelName, at commit: CommitID, cursor: String? = nil) throws(HubError) -> URL {
        try url("api/models/\(name)/tree/\(commit)?recursive=true" + (cursor.map { "&cursor=\($0)" } ?? ""))
    }

    /// `GET` gives a file.
    func file(_ path: RepositoryPath, of name: ModelName, at commit: CommitID) throws(HubError) -> URL {
        try url("\(name)/resolve/\(commit)/\(path)")
    }

    private func url(_ path: String) throws(HubError) -> URL {
        guard let url = URL(string: "\(description)/\(path)", encodingInvalidCharacters: false) else {
            throw .badAnswer(subject: path, problem: "not an address")
        }
        return url
    }

    /// A revision may be a branch with slashes in its name, and is one part of the address all the same.
    private static func escaped(_ revision: String) -> String {
        revision.utf8.map { byte in
            byte.isPlainNameByte ? String(UnicodeScalar(byte)) : String(format: "%%%02X", byte)
        }.joined()
    }
}

/// Who answers at an address: what a token is for, and for nobody else.
struct Origin: Sendable, Equatable {
    let scheme: String
    let host: String
    let port: Int

    /// Nil for addresses that are not http or https, have no host, or have a user.
    init?(_ url: URL) {
        guard let scheme = url.scheme?.lowercased(), ["http", "https"].contains(scheme), url.user == nil,
            url.password == nil, let host = url.host()?.lowercased(), !host.isEmpty
        else { return nil }
        self.scheme = scheme
        self.host = host
        port = url.port ?? (scheme == "https" ? 443 : 80)
    }
}
