// SPDX-License-Identifier: Apache-2.0

import Jobs

/// Who sent a request, once that is known.
struct Caller: Hashable, Sendable {
    /// Who pays, and whose jobs can be seen.
    var account: AccountID
    /// The key that was presented; `nil` where nobody needs one.
    var key: KeyID?

    /// The caller of a service that asks nobody for a key.
    static let anonymous = Caller(account: .anonymous, key: nil)
}
