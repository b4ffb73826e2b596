// SPDX-License-Identifier: Apache-2.0

/// Where credits are, in the double-entry ledger: what leaves one account arrives in another.
package enum LedgerAccount: Hashable, Sendable {
    /// Where granted credits come from: minus everything that was ever granted.
    case grants
    /// What was paid for completed jobs.
    case revenue
    /// What an account can spend.
    case available(AccountID)
    /// What is set aside for an account's jobs that are not over.
    case reserved(AccountID)
}

extension LedgerAccount: LosslessStringConvertible {
    package var description: String {
        switch self {
        case .grants: "grants"
        case .revenue: "revenue"
        case .available(let account): "available:\(account)"
        case .reserved(let account): "reserved:\(account)"
        }
    }

    package init?(_ description: String) {
        switch description {
        case "grants": self = .grants
        case "revenue": self = .revenue
        default:
            let parts = description.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, let account = AccountID(String(parts[1])) else { return nil }
            switch parts[0] {
            case "available": self = .available(account)
            case "reserved": self = .reserved(account)
            default: return nil
            }
        }
    }
}

/// Whether the books balance.
package struct LedgerReport: Equatable, Sendable {
    /// What is in each account.
    package var balances: [LedgerAccount: Credits]
    /// What is wrong, one sentence each.
    package var problems: [String]

    package init(balances: [LedgerAccount: Credits], problems: [String]) {
        self.balances = balances
        self.problems = problems
    }
}
