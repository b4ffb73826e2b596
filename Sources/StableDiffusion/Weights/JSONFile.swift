// SPDX-License-Identifier: Apache-2.0

import Foundation
import Tensor

/// Small JSON files that come with a model.
enum JSONFile {
    /// No such file is near this size; the largest vocabulary in use is under 2 MB.
    static let sizeLimit = 64_000_000

    /// The contents of a file, or an error that a person understands.
    static func contents(_ path: String) throws(MappedFileError) -> Data {
        let file = try MappedFile(path: path)
        guard file.byteCount <= sizeLimit else {
            throw MappedFileError(path: path, problem: "is too large: over \(sizeLimit) bytes")
        }
        return Data(file.bytes(in: 0..<file.byteCount))
    }

    /// What is wrong with a file, without its name: the key and the problem with it.
    static func explain(_ error: any Error) -> String {
        switch error {
        case let error as MappedFileError: return error.problem
        case DecodingError.keyNotFound(let key, let context):
            return "\(path(context.codingPath + [key]))is missing"
        case DecodingError.valueNotFound(_, let context): return "\(path(context.codingPath))must not be null"
        case DecodingError.typeMismatch(_, let context), DecodingError.dataCorrupted(let context):
            return path(context.codingPath) + context.debugDescription
        default: return "\(error)"
        }
    }

    /// Where in a document, as the beginning of a sentence; nothing for the whole of it.
    private static func path(_ keys: [any CodingKey]) -> String {
        keys.isEmpty ? "" : keys.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".") + ": "
    }
}
