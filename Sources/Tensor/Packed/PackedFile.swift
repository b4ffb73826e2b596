// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Where a model's packed weights are kept between processes.
///
/// The file is mapped, so that processes with the same model share its pages and one that finds them in memory is ready at
/// once. Its header is compared whole (``PackedHeader``); its payload, gigabytes, is not looked at before it is computed
/// with: whoever can write to the directory can change pictures, but no more than that, for no byte of the payload is a
/// size or a place.
package struct PackedFile: Sendable {
    package let path: String
    /// Lines that change with whatever the packed bytes are made from.
    package let key: String

    /// - Parameters:
    ///   - directory: is made if it is not there.
    ///   - name: the file's name in it; a file of this name and another key is replaced.
    ///   - key: lines that tell sources apart, without the layout, which the arena knows.
    package init(directory: String, name: String, key: String) {
        path = "\(directory)/\(name)"
        self.key = key
    }

    /// Maps the file, if it is what it must be.
    func open(header: PackedHeader, payload: Int) throws(PackedFileError) -> MappedFile {
        guard unsafe access(path, F_OK) == 0 else { throw .absent }
        let file: MappedFile
        do {
            file = try MappedFile(path: path)
        } catch {
            throw .unusable(path: path, reason: error.problem)
        }
        let expected = header.bytes.count + payload
        let hasHeader = unsafe header.bytes.withUnsafeBytes { unsafe file.bytes(at: 0, equal: $0) }
        guard hasHeader else {
            throw .unusable(path: path, reason: "is of other files or another version, or damaged")
        }
        guard file.byteCount == expected else {
            throw .unusable(path: path, reason: "has \(file.byteCount) bytes instead of \(expected)")
        }
        return file
    }
}

/// Why a packed file is not used or not written.
package enum PackedFileError: Error, CustomStringConvertible {
    /// There is none yet.
    case absent
    case unusable(path: String, reason: String)
    case unwritable(path: String, reason: String)

    package var description: String {
        switch self {
        case .absent: "there is no packed file"
        case .unusable(let path, let reason): "\(path) \(reason)"
        case .unwritable(let path, let reason): "\(path) cannot be written: \(reason)"
        }
    }
}
