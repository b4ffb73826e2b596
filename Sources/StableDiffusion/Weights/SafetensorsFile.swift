// SPDX-License-Identifier: Apache-2.0

package import Tensor

/// A safetensors file: named tensors in one file, mapped and not copied.
///
/// The layout is an 8-byte little-endian header length, a JSON header, then the tensors' bytes without gaps
/// (https://github.com/huggingface/safetensors, "Format"). Everything is checked when the file is opened, so a view
/// of a tensor always lies inside the file.
package struct SafetensorsFile: Sendable {
    /// The largest header that is read, the limit of the reference implementation.
    static let headerLimit = 100_000_000

    package let file: MappedFile
    let tensors: [String: StoredTensor]
    /// The text the header carries about the file, `format` for one.
    package let metadata: [String: String]

    /// The names of the tensors, in no order.
    package var names: some Collection<String> { tensors.keys }

    /// Opens and checks a file.
    package init(path: String) throws(WeightError) {
        let file: MappedFile
        do {
            file = try MappedFile(path: path)
        } catch {
            throw WeightError(file: path, .unreadable(error.problem))
        }
        try self.init(file)
    }

    init(_ file: MappedFile) throws(WeightError) {
        func malformed(_ message: String) -> WeightError { WeightError(file: file.path, .malformed(message)) }

        guard file.byteCount >= 8 else { throw malformed("too short to be a safetensors file") }
        let stated = file.bytes(in: 0..<8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard let headerLength = Int(exactly: stated), headerLength <= Self.headerLimit else {
            throw malformed("header length \(stated) is over the limit of \(Self.headerLimit)")
        }
        guard headerLength <= file.byteCount - 8 else {
            throw malformed("header length \(stated) is past the end of the file: cut short, or not safetensors")
        }

        var parser = SafetensorsHeader.Parser(bytes: file.bytes(in: 8..<8 + headerLength), file: file.path)
        let header = try parser.parse()
        self.file = file
        metadata = header.metadata
        tensors = try Self.locate(header.tensors, in: file, dataStart: 8 + headerLength)
    }

    /// Checks that the tensors fill the data section, each as long as its shape says, in some order without gaps.
    private static func locate(
        _ declared: [String: SafetensorsHeader.Tensor],
        in file: MappedFile,
        dataStart: Int
    ) throws(WeightError) -> [String: StoredTensor] {
        let dataLength = file.byteCount - dataStart
        var located: [String: StoredTensor] = [:]
        located.reserveCapacity(declared.count)
        var end = 0
        // An empty tensor sorts before the one that starts at the same place.
        for (name, tensor) in declared.sorted(by: { ($0.value.start, $0.value.end) < ($1.value.start, $1.value.end) }) {
            func malformed(_ message: String) -> WeightError {
                WeightError(file: file.path, tensor: name, .malformed(message))
            }
            guard tensor.start <= tensor.end, tensor.end <= dataLength else {
                throw malformed("bytes \(tensor.start) to \(tensor.end) are not in the \(dataLength) bytes of data")
            }
            guard tensor.start >= end else { throw malformed("overlaps the tensor before it") }
            guard tensor.start == end else { throw malformed("is preceded by bytes that belong to no tensor") }
            end = tensor.end
            guard let needed = byteCount(of: tensor) else {
                throw malformed("shape \(tensor.shape) is too large to address")
            }
            guard needed == tensor.end - tensor.start else {
                throw malformed("has \(tensor.end - tensor.start) bytes where its shape and type need \(needed)")
            }
            located[name] = StoredTensor(
                file: file,
                name: name,
                type: tensor.type,
                shape: tensor.shape,
                range: dataStart + tensor.start..<dataStart + tensor.end
            )
        }
        guard end == dataLength else {
            throw WeightError(file: file.path, .malformed("\(dataLength - end) bytes at the end belong to no tensor"))
        }
        return located
    }

    /// Bytes of a tensor by its shape and type, or nil if they cannot be counted.
    ///
    /// A type this format has gained since is taken at its word: it is refused when it is asked for.
    private static func byteCount(of tensor: SafetensorsHeader.Tensor) -> Int? {
        var count = 1
        // Not even beside an extent of 0 may the others overflow: a slice multiplies only some of them.
        for extent in tensor.shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: max(extent, 1))
            if overflow { return nil }
            count = product
        }
        if tensor.shape.contains(0) { count = 0 }
        guard let bits = bitsPerElement[tensor.type] else { return tensor.end - tensor.start }
        let (total, overflow) = count.multipliedReportingOverflow(by: bits)
        return overflow || total % 8 != 0 ? nil : total / 8
    }

    /// The format's element types, of which `ElementType` can be computed with.
    private static let bitsPerElement: [String: Int] = [
        "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
        "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "I64": 64, "U64": 64, "F64": 64,
        "C64": 64,
    ]
}
