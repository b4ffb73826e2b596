// SPDX-License-Identifier: Apache-2.0

/// What a `Range` header asks for, of a file of some size (RFC 9110, section 14).
enum ByteRange: Equatable {
    /// All of it: there is no header, or one that may be ignored.
    case whole
    case part(Range<Int>)
    /// Nothing that is there.
    case unsatisfiable

    /// Reads one range of bytes.
    ///
    /// Several at once may be ignored, and are.
    init(_ header: String?, size: Int) {
        self = .whole
        guard let header, let equals = header.firstIndex(of: "="), header[..<equals].lowercased() == "bytes" else {
            return
        }
        let parts = header[header.index(after: equals)...].split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }) else { return }
        // A number too large for Int lies behind the end of any file.
        let numbers = parts.map { $0.isEmpty ? nil : Int($0) ?? .max }
        switch (numbers[0], numbers[1]) {
        case (let first?, let last?) where first > last:
            return
        case (let first?, let last):
            self = first < size ? .part(first..<min(last ?? .max, size - 1) + 1) : .unsatisfiable
        case (nil, let count?):
            self = count > 0 && size > 0 ? .part(max(size - count, 0)..<size) : .unsatisfiable
        case (nil, nil):
            return
        }
    }
}
