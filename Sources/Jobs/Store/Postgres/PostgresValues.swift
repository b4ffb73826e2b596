// SPDX-License-Identifier: Apache-2.0

import CPostgres
import Foundation

/// A statement's arguments in PostgreSQL's binary format: integers of 8 bytes, text and bytes as they are.
struct PostgresParameters {
    /// All values, one after the other.
    private var bytes: [UInt8] = []
    /// Where each begins and how long it is; `nil` for null.
    private var places: [Range<Int>?] = []

    init(_ arguments: [SQLValue]) {
        for argument in arguments {
            let start = bytes.count
            switch argument {
            case .null:
                places.append(nil)
                continue
            case .integer(let value):
                for shift in stride(from: 56, through: 0, by: -8) {
                    bytes.append(UInt8(truncatingIfNeeded: value >> Int64(shift)))
                }
            case .text(let value): bytes.append(contentsOf: value.utf8)
            case .bytes(let value): bytes.append(contentsOf: value)
            }
            places.append(start..<bytes.count)
        }
        // A pointer to an empty value at the end must point somewhere.
        bytes.append(0)
    }

    /// Gives `body` the values, their lengths and their formats as libpq takes them.
    func withPointers<Value>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> Value
    ) -> Value {
        let lengths = places.map { Int32($0?.count ?? 0) }
        let formats = places.map { _ in Int32(1) }
        return unsafe bytes.withUnsafeBytes { bytes in
            let base = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            let values = unsafe places.map { place in unsafe place.flatMap { unsafe base?.advanced(by: $0.lowerBound) }
            }
            return unsafe values.withUnsafeBufferPointer { values in
                unsafe lengths.withUnsafeBufferPointer { lengths in
                    unsafe formats.withUnsafeBufferPointer { formats in
                        unsafe body(values.baseAddress, lengths.baseAddress, formats.baseAddress)
                    }
                }
            }
        }
    }

    /// A statement with `$1` in place of `?` and `?1`; none has a question mark anywhere else.
    static func translate(_ sql: String) -> String {
        var translated = ""
        var newest = 0
        var rest = sql[...]
        while let mark = rest.firstIndex(of: "?") {
            translated += rest[..<mark]
            rest = rest[rest.index(after: mark)...]
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            let number = Int(digits) ?? newest + 1
            newest = max(newest, number)
            translated += "$\(number)"
            rest = rest[digits.endIndex...]
        }
        return translated + rest
    }
}

/// What the server answered to a statement, in binary.
@safe struct PostgresAnswer {
    private let result: OpaquePointer

    /// - Parameter result: Not cleared before this is done with.
    init(result: OpaquePointer) {
        unsafe self.result = unsafe result
    }

    func rows() throws -> [SQLRow] {
        let width = unsafe PQnfields(result)
        var columns: [String: Int] = [:]
        for column in 0..<width {
            let name = unsafe String(cString: PQfname(result, column))
            if columns[name] == nil { columns[name] = Int(column) }
        }
        return try (0..<(unsafe PQntuples(result))).map { row in
            SQLRow(columns: columns, values: try (0..<width).map { try value(row, $0) })
        }
    }

    /// The object identifiers of the types that the store's statements give.
    private enum TypeID {
        static let bytes: Oid = 17
        static let names: Set<Oid> = [19, 25, 1043]
        static let integers: Set<Oid> = [20, 21, 23]
        static let void: Oid = 2278
    }

    private func value(_ row: Int32, _ column: Int32) throws -> SQLValue {
        guard unsafe PQgetisnull(result, row, column) == 0 else { return .null }
        let bytes = unsafe UnsafeRawBufferPointer(
            start: PQgetvalue(result, row, column),
            count: Int(PQgetlength(result, row, column))
        )
        let type = unsafe PQftype(result, column)
        switch type {
        case TypeID.bytes: return unsafe .bytes([UInt8](bytes))
        case TypeID.void: return .null
        case _ where TypeID.names.contains(type): return unsafe .text(String(decoding: bytes, as: UTF8.self))
        case _ where TypeID.integers.contains(type):
            // Big-endian, of 2, 4 or 8 bytes.
            let start: Int64 = unsafe (bytes.first ?? 0) & 0x80 == 0 ? 0 : -1
            return unsafe .integer(bytes.reduce(start) { $0 << 8 | Int64($1) })
        default:
            throw StoreError.damaged("the database answers with values of an unknown type (\(type))")
        }
    }
}
