// SPDX-License-Identifier: Apache-2.0

import Foundation
import Tensor

/// A configuration file of a model that cannot be read, or describes a model that this engine does not run.
package struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    package let file: String
    /// The key and what is wrong with its value.
    package let problem: String

    package var description: String { "\(file): \(problem)" }
}

extension Decodable {
    /// Reads and checks a configuration file.
    init(configurationFile path: String) throws(ConfigurationError) {
        do {
            self = try JSONDecoder().decode(Self.self, from: JSONFile.contents(path))
        } catch {
            throw ConfigurationError(file: path, problem: JSONFile.explain(error))
        }
    }
}

extension KeyedDecodingContainer {
    /// An error about the value of a key.
    func problem(_ key: Key, _ message: String) -> DecodingError {
        .dataCorruptedError(forKey: key, in: self, debugDescription: message)
    }

    /// The value of a key, or the value that its absence means.
    ///
    /// `null` is not absence.
    func value<Value: Decodable>(_ key: Key, absent: Value) throws -> Value {
        contains(key) ? try value(key) : absent
    }

    /// The value of a key, or nil if it is absent.
    ///
    /// `null` is not absence.
    func valueIfPresent<Value: Decodable>(_ key: Key) throws -> Value? {
        guard contains(key) else { return nil }
        let present: Value = try value(key)
        return present
    }

    /// The value of a key that must be there.
    private func value<Value: Decodable>(_ key: Key) throws -> Value {
        if try decodeNil(forKey: key) { throw problem(key, "must not be null") }
        do {
            return try decode(Value.self, forKey: key)
        } catch let error where !(error is DecodingError) {
            // Of a number that does not fit its type Foundation says neither that nor where.
            throw problem(key, "is not a number that can be used")
        }
    }

    /// A size, which must lie in a range that no model leaves and no file can make us allocate beyond.
    func size(_ key: Key, absent: Int? = nil, in range: ClosedRange<Int> = 1...65_536) throws -> Int {
        let size: Int = if let absent { try value(key, absent: absent) } else { try value(key) }
        guard range.contains(size) else { throw problem(key, "\(size) is not in \(range)") }
        return size
    }

    /// A number that must be finite and greater than 0.
    func positive(_ key: Key, absent: Float) throws -> Float {
        let number = try value(key, absent: absent)
        guard number > 0, number.isFinite else { throw problem(key, "\(number) is not greater than 0") }
        return number
    }

    /// Throws unless a key has the one value that is supported, or is absent and absence means that value.
    func require<Value: Decodable & Equatable>(_ key: Key, _ supported: Value, absent: Value) throws {
        let value = try value(key, absent: absent)
        guard value == supported else { throw problem(key, "\(value) is not supported, only \(supported)") }
    }

    /// Throws if any of the keys has a value other than `null`: each switches on something this engine does not have.
    func requireNull(_ keys: Key...) throws {
        for key in keys where contains(key) {
            guard try decodeNil(forKey: key) else { throw problem(key, "is not supported, it must be null") }
        }
    }
}

/// A value that configuration files give once for all levels, or once for each.
enum OneOrEach<Value: Decodable>: Decodable {
    case one(Value)
    case each([Value])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Value.self) {
            self = .one(value)
        } else {
            self = .each(try container.decode([Value].self))
        }
    }

    /// The value of each of `count` levels, or nil if the file gives another number of them.
    func values(count: Int) -> [Value]? {
        switch self {
        case .one(let value): Array(repeating: value, count: count)
        case .each(let values): values.count == count ? values : nil
        }
    }
}
