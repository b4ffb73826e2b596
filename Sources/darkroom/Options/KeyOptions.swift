// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Jobs

/// What is decided about a key when it is made.
struct KeyOptions: ParsableArguments {
    @Option(help: ArgumentHelp("What the key allows: generate, read, admin.", valueName: "scope,…"))
    var scopes = ScopeList(scopes: KeySettings().scopes)

    @Option(
        help: ArgumentHelp(
            "When the key stops working: a date, or a time from now (default: never).",
            valueName: "2027-01-31|30d|12h"
        )
    )
    var expires: Expiry?

    @Option(
        help: ArgumentHelp(
            "How many jobs it may create (default: what serve allows).",
            valueName: "n/second|minute|hour|day"
        )
    )
    var rate: RateLimit?

    @Option(help: ArgumentHelp("How many credits it may spend (default: all there are).", valueName: "x[/day|month]"))
    var spendLimit: SpendLimit?

    /// The settings of a key that is made at `now`.
    func settings(at now: Timestamp) throws -> KeySettings {
        var settings = KeySettings()
        settings.scopes = scopes.scopes
        settings.expires = expires?.moment(after: now)
        settings.rateLimit = rate
        settings.spendLimit = spendLimit
        if let moment = settings.expires, moment <= now {
            throw ValidationError("--expires must be in the future. Given: \(moment.date.ISO8601Format())")
        }
        return settings
    }
}

/// Scopes, separated by commas.
struct ScopeList: ExpressibleByArgument {
    var scopes: Set<Scope>

    init(scopes: Set<Scope>) {
        self.scopes = scopes
    }

    init?(argument: String) {
        let scopes = argument.split(separator: ",").map { Scope(rawValue: $0.trimmingCharacters(in: .whitespaces)) }
        guard !scopes.isEmpty, !scopes.contains(nil) else { return nil }
        self.scopes = Set(scopes.compactMap { $0 })
    }

    var defaultValueDescription: String { description }

    var description: String {
        Scope.allCases.filter(scopes.contains).map(\.rawValue).joined(separator: ",")
    }
}

/// The end of a key's time.
enum Expiry: ExpressibleByArgument {
    case at(Timestamp)
    case after(Duration)

    init?(argument: String) {
        let units: [Character: Int64] = ["d": 86_400, "h": 3600, "m": 60]
        if let last = argument.last, let unit = units[last], let count = Int64(argument.dropLast()),
            (1...36_500).contains(count)
        {
            self = .after(.seconds(count * unit))
            return
        }
        // A day ends where the next one begins, in UTC.
        let text = argument.contains("T") ? argument : argument + "T00:00:00Z"
        guard let date = try? Date(text, strategy: .iso8601) else { return nil }
        self = .at(Timestamp(milliseconds: Int64(date.timeIntervalSince1970 * 1000)))
    }

    /// The moment, for a key that is made at `now`.
    func moment(after now: Timestamp) -> Timestamp {
        switch self {
        case .at(let moment): moment
        case .after(let duration): now.advanced(by: duration)
        }
    }
}

extension RateLimit: ExpressibleByArgument {
    private static let periods = ["second": 1, "minute": 60, "hour": 3600, "day": 86_400]

    init?(argument: String) {
        let parts = argument.split(separator: "/")
        guard parts.count == 2, let requests = Int(parts[0]), (1...1_000_000).contains(requests),
            let seconds = Self.periods[String(parts[1])]
        else { return nil }
        self.init(requests: requests, per: .seconds(seconds))
    }

    /// The rate as it is written on the command line.
    var argument: String {
        let name = Self.periods.first { period == .seconds($0.value) }?.key ?? "\(period)"
        return "\(requests)/\(name)"
    }
}

extension SpendLimit: ExpressibleByArgument {
    init?(argument: String) {
        let parts = argument.split(separator: "/")
        guard (1...2).contains(parts.count), let amount = Credits(String(parts[0])), amount >= .zero,
            let period = parts.count == 1 ? .total : Period(rawValue: String(parts[1]))
        else { return nil }
        self.init(amount, per: period)
    }

    /// The limit as it is written on the command line.
    var argument: String {
        period == .total ? "\(amount)" : "\(amount)/\(period.rawValue)"
    }
}
