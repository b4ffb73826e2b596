// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension ServiceTests {
    /// Disks that are full or cannot be written to: clear errors, nothing broken, and all well again afterwards.
    @Suite(.enabled("only root can mount a small disk", { SmallDisk.isPossible })) struct DiskTests {
        @Test func onAFullDiskRequestsFailClearlyAndSucceedOnceThereIsSpace() async throws {
            let disk = try SmallDisk(megabytes: 3)
            let server = try await TestServer("--deadline", "60", database: disk.path("darkroom.sqlite"))
            #expect(try await server.generate().status == 200)
            let before = try await server.credits()

            try disk.fill()
            // The log may have room for a few more, so ask until it has not.
            var refused: Answer?
            for _ in 0..<200 where refused == nil {
                let answer = try await server.send("POST", "/v2/sd2.1-txt2img", TestServer.fields())
                if answer.status != 200 { refused = answer }
            }
            let answer = try #require(refused)
            #expect(answer.status == 500)
            #expect(answer.code == "internal")
            #expect(answer.text("error")?.isEmpty == false)
            #expect(try await server.get("/health").status == 200)

            try disk.empty()
            try await server.waitUntil("it is well again") { try await server.generate().status == 200 }
            try await server.waitUntil("all that was accepted is made") {
                let health = try await server.get("/health")
                return health["queued"] as? Int == 0 && health["running"] as? Int == 0
            }
            #expect(try await server.credits() < before)
            try server.expectBalancedBooks()
            #expect(server.stop() == 0)
        }

        @Test func aDatabaseThatCannotBeWrittenToIsRefusedInOneLine() async throws {
            let disk = try SmallDisk(megabytes: 8)
            let path = disk.path("darkroom.sqlite")
            let server = try await TestServer(database: path)
            #expect(try await server.generate().status == 200)
            #expect(server.stop() == 0)

            try disk.remount("ro")
            let run = try DarkroomProcess.run(
                "serve",
                "--model",
                DarkroomProcess.model,
                "--database",
                "sqlite:\(path)",
                "--port",
                "29999"
            )
            #expect(run.status == 1)
            #expect(run.errors.contains("--database"))
            #expect(run.errors.split(separator: "\n").count == 1)

            try disk.remount("rw")
            try await server.start()
            #expect(try await server.generate().status == 200)
            try server.expectBalancedBooks()
            #expect(server.stop() == 0)
        }
    }
}

/// A disk of a few megabytes, in memory.
private final class SmallDisk {
    static let isPossible: Bool = {
        guard geteuid() == 0, let disk = try? SmallDisk(megabytes: 1) else { return false }
        return FileManager.default.fileExists(atPath: disk.directory.url.path)
    }()

    private let directory: TemporaryDirectory

    init(megabytes: Int) throws {
        directory = try TemporaryDirectory()
        try Self.run("mount", "-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", directory.url.path)
    }

    deinit {
        // Also while a process that a failed test left behind has files open there.
        try? Self.run("umount", "-l", directory.url.path)
    }

    func path(_ name: String) -> String { directory.path(name) }

    func remount(_ mode: String) throws {
        try Self.run("mount", "-o", "remount,\(mode)", directory.url.path)
    }

    /// Takes all space that is left.
    func fill() throws {
        for (index, size) in [1 << 16, 1 << 12].enumerated() {
            let name = path("filler-\(index)")
            guard FileManager.default.createFile(atPath: name, contents: nil),
                let file = FileHandle(forWritingAtPath: name)
            else { throw Problem("cannot write to \(name)") }
            while (try? file.write(contentsOf: Data(count: size))) != nil {}
            try? file.close()
        }
    }

    func empty() throws {
        for index in 0...1 { try FileManager.default.removeItem(atPath: path("filler-\(index)")) }
    }

    private static func run(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Problem("\(arguments.joined(separator: " ")) failed") }
    }
}
