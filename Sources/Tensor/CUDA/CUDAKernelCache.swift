// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A directory of machine code, one file for each GPU and version of the kernels.
struct CUDAKernelCache {
    /// Nil keeps nothing.
    let directory: String?

    /// The code of a key, from its file or by `compile`.
    ///
    /// What goes wrong with the file costs the time to compile, and nothing else.
    func code(key: String, compile: () throws(CUDAError) -> [UInt8]) throws(CUDAError) -> [UInt8] {
        guard let directory else { return try compile() }
        // The key is in the file too, so that two keys of one hash do not meet.
        let header = Array("\(key.utf8.count)\n\(key)\n".utf8)
        let file = URL(filePath: directory).appending(path: "cuda-\(Self.hash(key)).cubin")
        if let data = try? Data(contentsOf: file), data.starts(with: header), data.count > header.count {
            return Array(data.dropFirst(header.count))
        }
        let code = try compile()
        try? FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try? Data(header + code).write(to: file, options: .atomic)
        return code
    }

    private static func hash(_ text: String) -> String {
        var hash = FNV1a()
        hash.combine(text)
        return hash.digits
    }
}
