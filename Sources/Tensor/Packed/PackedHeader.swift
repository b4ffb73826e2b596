// SPDX-License-Identifier: Apache-2.0

/// The beginning of a packed file: text that says what was packed, from what, in which layout, and what lies where.
///
/// A reader does not parse it. It knows what it needs, writes down the header of a file that holds just that, and accepts
/// a file that begins with the same bytes and is as long as it must be. So nothing in a file is believed, and a changed
/// bit anywhere in its header, another version or another source all mean that it is packed again.
struct PackedHeader {
    /// The version of the file and of every layout in it: to be raised when the same weights are packed to other bytes, and
    /// when the text encoder computes other ones.
    static let version = 1
    /// The payload begins on a page, and so does each of its 64-byte aligned entries on a cache line.
    private static let alignment = 4096

    /// The header with the padding that follows it.
    let bytes: [UInt8]

    /// - Parameters:
    ///   - key: lines that tell sources apart.
    ///   - table: a line for each entry, in their order.
    init(key: String, table: String) {
        let text = "darkroom packed weights \(Self.version)\n\(key)\n\(table)end\n"
        var bytes = Array(text.utf8)
        let padding = -bytes.count & (Self.alignment - 1)
        bytes.append(contentsOf: repeatElement(0, count: padding))
        self.bytes = bytes
    }
}
