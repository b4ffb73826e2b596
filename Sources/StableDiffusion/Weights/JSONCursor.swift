// SPDX-License-Identifier: Apache-2.0

/// A place in JSON text, moving forward over the kinds of value that safetensors headers and vocabularies have.
struct JSONCursor {
    private let bytes: [UInt8]
    private var position = 0
    /// Named in errors.
    private let file: String
    /// What part of the file the bytes are, as the beginning of errors.
    private let part: String

    init(bytes: [UInt8], file: String, part: String = "") {
        self.bytes = bytes
        self.file = file
        self.part = part
    }

    /// An error at this place.
    func error(_ message: String) -> WeightError {
        WeightError(file: file, .malformed("\(part)byte \(position): \(message)"))
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x09 || byte == 0x0D { position += 1 }
    }

    /// Moves over `character` and the space before it, if it is there.
    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(WeightError) {
        guard skip(character) else { throw error("expected \(character)") }
    }

    /// Throws if anything but space is left.
    mutating func end() throws(WeightError) {
        skipSpace()
        guard next == nil else { throw error("text after the end") }
    }

    /// An object; `member` is called after each key and must read its value.
    mutating func object(
        _ member: (_ cursor: inout JSONCursor, _ key: String) throws(WeightError) -> Void
    ) throws(WeightError) {
        try expect("{")
        if skip("}") { return }
        repeat {
            let key = try string()
            try expect(":")
            try member(&self, key)
        } while skip(",")
        try expect("}")
    }

    /// An object whose values are integers from 0 on; `member` is called with the UTF-8 of each key and its value.
    mutating func integerMembers(
        _ member: (_ key: ArraySlice<UInt8>, _ value: Int) throws(WeightError) -> Void
    ) throws(WeightError) {
        try expect("{")
        if skip("}") { return }
        repeat {
            let key = try text()
            try expect(":")
            try member(key, integer())
        } while skip(",")
        try expect("}")
    }

    /// An array of integers from 0 to `Int.max`, in digits alone: no sign, point or exponent.
    mutating func integers() throws(WeightError) -> [Int] {
        try expect("[")
        if skip("]") { return [] }
        var values: [Int] = []
        repeat {
            values.append(try integer())
        } while skip(",")
        try expect("]")
        return values
    }

    private mutating func integer() throws(WeightError) -> Int {
        skipSpace()
        let start = position
        var value = 0
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            let (tens, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = tens.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
            guard !tooLarge, !overflow else { throw error("number too large") }
            value = sum
            position += 1
        }
        guard position > start else { throw error("expected a number without sign") }
        guard position == start + 1 || bytes[start] != UInt8(ascii: "0") else { throw error("number starts with 0") }
        return value
    }

    /// A string, which must be UTF-8.
    mutating func string() throws(WeightError) -> String {
        guard let string = String(validating: try text(), as: UTF8.self) else { throw error("text is not UTF-8") }
        return string
    }

    /// The bytes of a string, as they are in the file unless it has escapes.
    private mutating func text() throws(WeightError) -> ArraySlice<UInt8> {
        try expect("\"")
        var start = position
        var content: ArraySlice<UInt8> = []
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                let rest = bytes[start..<position]
                position += 1
                return content.isEmpty ? rest : content + rest
            case UInt8(ascii: "\\"):
                content += bytes[start..<position]
                position += 1
                content += try escape()
                start = position
            case ..<0x20: throw error("control character in text")
            default: position += 1
            }
        }
        throw error("text without end")
    }

    /// What follows a backslash, as UTF-8.
    private mutating func escape() throws(WeightError) -> [UInt8] {
        guard let byte = next else { throw error("text without end") }
        position += 1
        switch Unicode.Scalar(byte) {
        case "\"", "\\", "/": return [byte]
        case "b": return [0x08]
        case "f": return [0x0C]
        case "n": return [0x0A]
        case "r": return [0x0D]
        case "t": return [0x09]
        case "u":
            var units = [try hexadecimal()]
            if UTF16.isLeadSurrogate(units[0]) {
                guard skipImmediately("\\"), skipImmediately("u") else { throw error("half a surrogate pair") }
                units.append(try hexadecimal())
            }
            guard let text = String(validating: units, as: UTF16.self) else { throw error("half a surrogate pair") }
            return Array(text.utf8)
        default: throw error("unknown escape in text")
        }
    }

    private mutating func skipImmediately(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func hexadecimal() throws(WeightError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw error("expected four hexadecimal digits")
            }
            value = value << 4 | UInt16(digit)
            position += 1
        }
        return value
    }
}
