// SPDX-License-Identifier: Apache-2.0

import Crypto

/// The public name of a key, which opens nothing: the first 64 bits of its digest.
package struct KeyID: Hashable, Sendable, LosslessStringConvertible {
    package let description: String

    /// Reads 16 lower-case hexadecimal digits.
    package init?(_ description: String) {
        guard description.utf8.count == 16, description.utf8.allSatisfy({ "0123456789abcdef".utf8.contains($0) }) else {
            return nil
        }
        self.description = description
    }

    init(digest: [UInt8]) {
        description = digest.prefix(8).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}

/// A key as its owner has it, shown once and stored nowhere.
package struct KeySecret: Sendable {
    /// `dk_` and 32 characters out of 62: 190 random bits.
    package let text: String

    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

    /// A new key, from the system's random numbers.
    package init() {
        text = "dk_" + String((0..<32).map { _ in Self.alphabet[Int.random(in: 0..<Self.alphabet.count)] })
    }

    /// A key that somebody presents, whatever it looks like.
    package init(presented text: String) {
        self.text = text
    }

    /// What is stored instead of the key.
    ///
    /// A plain digest is enough where nobody can try all keys: there are 2^190.
    package var digest: [UInt8] { Array(SHA256.hash(data: Array(text.utf8))) }
}

/// What a key allows.
package enum Scope: String, CaseIterable, Codable, Sendable {
    /// Create and cancel jobs.
    case generate
    /// Read jobs, history and credits.
    case read
    /// Whatever operators may do over HTTP.
    case admin
}

/// What is decided about a key when it is made.
package struct KeySettings: Equatable, Codable, Sendable {
    package var scopes: Set<Scope> = [.generate, .read]
    /// When the key stops working.
    package var expires: Timestamp?
    /// How often it may create jobs; ``StorePolicy/defaultRateLimit`` otherwise.
    package var rateLimit: RateLimit?
    /// How much it may spend.
    package var spendLimit: SpendLimit?

    package init() {}
}

/// What is stored of a key.
package struct APIKey: Equatable, Sendable {
    package let id: KeyID
    package let account: AccountID
    package let created: Timestamp
    package let settings: KeySettings
    /// When it was revoked.
    package var revoked: Timestamp?

    package init(id: KeyID, account: AccountID, created: Timestamp, settings: KeySettings, revoked: Timestamp? = nil) {
        self.id = id
        self.account = account
        self.created = created
        self.settings = settings
        self.revoked = revoked
    }

    /// Whether it opens anything at `now`.
    package func isUsable(at now: Timestamp) -> Bool {
        revoked == nil && settings.expires.map { now < $0 } ?? true
    }
}

/// What a presented key is worth.
package enum Authentication: Equatable, Sendable {
    /// It is this key. Whether its scopes suffice is for the caller to say.
    case accepted(APIKey)
    /// It was this key, which is revoked or has expired.
    case disabled(APIKey)
    /// No key was presented, or none that exists.
    case unknown
}
