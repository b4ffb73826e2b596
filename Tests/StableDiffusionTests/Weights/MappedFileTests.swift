// SPDX-License-Identifier: Apache-2.0

import Foundation
import Tensor
import Testing

@Suite("Mapped files")
struct MappedFileTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test func `lend their bytes`() throws {
        let file = try MappedFile(path: folder.write("file", Data([1, 2, 3, 4, 5])))
        #expect(file.byteCount == 5)
        #expect(file.bytes(in: 1..<3) == [2, 3])
        #expect(file.bytes(in: 5..<5).isEmpty)
        #expect(file.withBytes { $0.byteCount } == 5)
        #expect(file.withBytes(in: 2..<5) { $0.byteCount } == 3)
    }

    @Test func `may be empty`() throws {
        let file = try MappedFile(path: folder.write("file", Data()))
        #expect(file.byteCount == 0)
        #expect(file.bytes(in: 0..<0).isEmpty)
    }

    @Test func `outlive their name`() throws {
        let path = try folder.write("file", Data([9]))
        let file = try MappedFile(path: path)
        try FileManager.default.removeItem(atPath: path)
        #expect(file.bytes(in: 0..<1) == [9])
    }

    @Test func `must exist`() throws {
        let path = folder.url.appending(path: "absent").path
        let error = try #require(throws: MappedFileError.self) { try MappedFile(path: path) }
        #expect(error.path == path)
        #expect(error.description == "\(path) cannot be read: No such file or directory")
    }

    @Test func `must be regular`() throws {
        let pipe = folder.url.appending(path: "pipe").path
        let made = unsafe mkfifo(pipe, 0o600)
        #expect(made == 0)
        for path in [folder.url.path, "/dev/null", pipe] {
            #expect(throws: MappedFileError.self) { try MappedFile(path: path) }
        }
    }
}
