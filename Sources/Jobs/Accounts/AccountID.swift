// SPDX-License-Identifier: Apache-2.0

/// The name of an account, chosen by the operator.
package struct AccountID: Hashable, Sendable, LosslessStringConvertible {
    package let description: String

    /// The account of a service that asks nobody for a key.
    package static let anonymous = AccountID(unchecked: "anonymous")
    /// The account of the first key of a service.
    package static let `default` = AccountID(unchecked: "default")

    /// A name of 1 to 64 letters, digits, `.`, `_`, `-` or `@`; `nil` for anything else.
    package init?(_ description: String) {
        let isPlain = description.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"):
                true
            default: "._-@".utf8.contains(byte)
            }
        }
        guard isPlain, (1...64).contains(description.utf8.count) else { return nil }
        self.description = description
    }

    private init(unchecked description: String) {
        self.description = description
    }
}

/// Who pays for jobs and owns them.
package struct Account: Equatable, Sendable {
    package let id: AccountID
    package let created: Timestamp
    /// Credits that can be spent.
    package var available: Credits
    /// Credits set aside for jobs that are not over.
    package var reserved: Credits
    /// What the account's webhooks are signed with: 24 random bytes or more.
    package var webhookSecret: [UInt8]

    package init(
        id: AccountID,
        created: Timestamp,
        available: Credits,
        reserved: Credits,
        webhookSecret: [UInt8]
    ) {
        self.id = id
        self.created = created
        self.available = available
        self.reserved = reserved
        self.webhookSecret = webhookSecret
    }
}
