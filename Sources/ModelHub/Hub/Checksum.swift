// SPDX-License-Identifier: Apache-2.0

import Crypto
import Foundation

/// What tells whether a file is the one that was announced.
package enum Checksum: Hashable, Sendable, CustomStringConvertible {
    /// SHA-256 of the bytes, which large files have.
    case sha256(String)
    /// SHA-1 of git's header and the bytes, which is the name of a file's contents in git.
    case gitBlob(String)

    init?(sha256 text: String) {
        guard let digits = HexadecimalDigits(text, count: 64) else { return nil }
        self = .sha256(digits.text)
    }

    init?(gitBlob text: String) {
        guard let digits = HexadecimalDigits(text, count: 40) else { return nil }
        self = .gitBlob(digits.text)
    }

    /// The digits.
    package var description: String {
        switch self {
        case .sha256(let digits), .gitBlob(let digits): digits
        }
    }
}

/// Computes the checksum of bytes that come one after the other.
struct ChecksumFunction {
    private enum State {
        case sha256(SHA256)
        case gitBlob(Insecure.SHA1)
    }

    private let expected: Checksum
    private var state: State

    /// - Parameter size: how many bytes there will be; git hashes it too.
    init(for checksum: Checksum, size: Int) {
        expected = checksum
        switch checksum {
        case .sha256:
            state = .sha256(SHA256())
        case .gitBlob:
            // Git chose the function; it is to notice accidents here, as whoever could forge the file could announce it.
            var function = Insecure.SHA1()
            function.update(data: Data("blob \(size)\0".utf8))
            state = .gitBlob(function)
        }
    }

    mutating func update(_ bytes: [UInt8]) {
        switch state {
        case .sha256(var function):
            function.update(data: bytes)
            state = .sha256(function)
        case .gitBlob(var function):
            function.update(data: bytes)
            state = .gitBlob(function)
        }
    }

    /// Whether the bytes so far are the ones that were announced.
    var isRight: Bool {
        switch state {
        case .sha256(let function): HexadecimalDigits(function.finalize()).text == expected.description
        case .gitBlob(let function): HexadecimalDigits(function.finalize()).text == expected.description
        }
    }
}

/// Bytes as lower-case digits.
struct HexadecimalDigits {
    let text: String

    init?(_ text: String, count: Int) {
        let isRight = text.utf8.allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
        }
        guard isRight, text.utf8.count == count else { return nil }
        self.text = text
    }

    init(_ bytes: some Sequence<UInt8>) {
        text = bytes.map { String(format: "%02x", $0) }.joined()
    }
}
