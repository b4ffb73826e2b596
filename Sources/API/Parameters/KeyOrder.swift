// SPDX-License-Identifier: Apache-2.0

import Foundation
import Jobs

/// A key that an operator wants made.
struct KeyOrder: AdminOrder {
    let account: AccountID
    private let scopes: Set<Scope>?
    /// Seconds until the key stops working.
    private let lifetime: Int?
    private let requestsPerMinute: Int?
    private let spendLimit: SpendLimit?

    /// How long a key may work, in seconds.
    static let lifetimes = 60...315_360_000
    /// How many requests a minute a key may be limited to.
    static let rates = 1...1_000_000

    enum Field: String, CodingKey, CaseIterable {
        case account, scopes
        case lifetime = "expires_in"
        case requestsPerMinute = "requests_per_minute"
        case spendLimit = "spend_limit"
        case spendPeriod = "spend_period"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Field.self)
        guard let account = AccountID(try fields.decode(String.self, forKey: .account)) else {
            throw APIError(field: "account", "must have 1 to 64 letters, digits or . _ - @")
        }
        self.account = account
        scopes = try fields.decodeIfPresent([String].self, forKey: .scopes).map(Self.scopes)
        lifetime = try fields.number(.lifetime, in: Self.lifetimes)
        requestsPerMinute = try fields.number(.requestsPerMinute, in: Self.rates)
        let period = try fields.decodeIfPresent(String.self, forKey: .spendPeriod).map(Self.period)
        let amount = try fields.decodeIfPresent(Decimal.self, forKey: .spendLimit).map { decimal in
            guard let amount = Credits("\(decimal)"), amount >= .zero else {
                throw APIError(field: "spend_limit", "must be credits with at most six decimals, 0 or more")
            }
            return amount
        }
        guard amount != nil || period == nil else { throw APIError(field: "spend_period", "needs a spend_limit") }
        spendLimit = amount.map { SpendLimit($0, per: period ?? .total) }
    }

    /// The settings of a key that is made at `now`.
    func settings(at now: Timestamp) -> KeySettings {
        var settings = KeySettings()
        if let scopes { settings.scopes = scopes }
        settings.expires = lifetime.map { now.advanced(by: .seconds($0)) }
        settings.rateLimit = requestsPerMinute.map { RateLimit(requests: $0, per: .seconds(60)) }
        settings.spendLimit = spendLimit
        return settings
    }

    private static func scopes(_ names: [String]) throws -> Set<Scope> {
        let scopes = names.compactMap(Scope.init(rawValue:))
        guard !scopes.isEmpty, scopes.count == names.count else {
            throw APIError(field: "scopes", "must be some of: \(list(Scope.self))")
        }
        return Set(scopes)
    }

    private static func period(_ name: String) throws -> SpendLimit.Period {
        guard let period = SpendLimit.Period(rawValue: name) else {
            throw APIError(field: "spend_period", "must be one of: \(list(SpendLimit.Period.self))")
        }
        return period
    }

    private static func list<Names: CaseIterable & RawRepresentable<String>>(_ names: Names.Type) -> String {
        names.allCases.map(\.rawValue).joined(separator: ", ")
    }
}

extension KeyedDecodingContainer<KeyOrder.Field> {
    /// A whole number in `range`; `nil` when it is not sent.
    fileprivate func number(_ field: Key, in range: ClosedRange<Int>) throws -> Int? {
        guard let number = try decodeIfPresent(Int.self, forKey: field) else { return nil }
        guard range.contains(number) else {
            throw APIError(
                field: field.rawValue,
                "must be a whole number between \(range.lowerBound) and \(range.upperBound)"
            )
        }
        return number
    }
}
