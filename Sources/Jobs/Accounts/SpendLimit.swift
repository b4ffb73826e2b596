// SPDX-License-Identifier: Apache-2.0

import Foundation

/// How much a key may spend.
package struct SpendLimit: Equatable, Codable, Sendable {
    package let amount: Credits
    package let period: Period

    package init(_ amount: Credits, per period: Period) {
        self.amount = amount
        self.period = period
    }

    /// The time after which a key begins to count anew; days and months are those of UTC.
    package enum Period: String, CaseIterable, Codable, Sendable {
        case day
        case month
        /// It never does.
        case total

        /// What `now` is called among the periods of this length.
        package func label(at now: Timestamp) -> String {
            let day = now.date.formatted(.iso8601.year().month().day())
            return switch self {
            case .day: day
            case .month: String(day.prefix(7))
            case .total: "total"
            }
        }
    }
}
