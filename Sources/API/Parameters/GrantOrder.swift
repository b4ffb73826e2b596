// SPDX-License-Identifier: Apache-2.0

import Foundation
import Jobs

/// Credits that an operator gives an account, or takes from it.
struct GrantOrder: AdminOrder {
    let amount: Credits

    enum Field: String, CodingKey, CaseIterable {
        case amount
    }

    init(from decoder: any Decoder) throws {
        let decimal = try decoder.container(keyedBy: Field.self).decode(Decimal.self, forKey: .amount)
        guard let amount = Credits("\(decimal)"), amount != .zero else {
            throw APIError(field: "amount", "must be credits with at most six decimals, at most a billion, and not 0")
        }
        self.amount = amount
    }
}
