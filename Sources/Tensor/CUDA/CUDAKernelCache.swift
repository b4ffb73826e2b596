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
        let file = URL(filePath: directory).appending(path: "cuda-\(Self.hash(key.utf8)).cubin")
        if let data = try? Data(contentsOf: file), let code = Self.code(in: [UInt8](data), key: key) { return code }
        let code = try compile()
        try? FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try? Data(Self.header(of: code, key: key) + code).write(to: file, options: .atomic)
        return code
    }

    /// What a file has before its code.
    ///
    /// The key, so that two keys of one hash do not meet; a hash of the code, because the driver is given no size with it and
    /// follows what it says of itself.
    private static func header(of code: some Sequence<UInt8>, key: String) -> [UInt8] {
        Array("\(key.utf8.count)\n\(key)\n\(hash(code))\n".utf8)
    }

    /// The code in a file that is whole, and the key's.
    private static func code(in file: [UInt8], key: String) -> [UInt8]? {
        let code = file.dropFirst(header(of: [], key: key).count)
        return !code.isEmpty && file.starts(with: header(of: code, key: key)) ? Array(code) : nil
    }

    private static func hash(_ bytes: some Sequence<UInt8>) -> String {
        var hash = FNV1a()
        for byte in bytes { hash.combine(byte) }
        return hash.digits
    }
}
