// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A PostgreSQL server for the tests of this process, in a directory of its own.
///
/// It ends with the process.
final class PostgresServer: Sendable {
    /// Started by the first test that needs it.
    static let shared: PostgresServer = {
        do {
            return try PostgresServer()
        } catch {
            fatalError("no PostgreSQL server for the tests: \(error)")
        }
    }()

    /// Where the server keeps its data and listens.
    let directory: URL
    /// How it differs from the others.
    private let settings: [String]
    /// Open as long as the process lives.
    private let input = Pipe()

    /// The superuser's address of the database, for tables in a schema that is made if it is not there.
    func url(schema: String) throws -> String {
        try sql("CREATE SCHEMA IF NOT EXISTS \(schema)")
        return "postgresql:///postgres?host=\(directory.path)&user=postgres&options=-csearch_path%3D\(schema)"
    }

    /// Runs statements as the superuser and returns what they print.
    @discardableResult
    func sql(_ statements: String, port: Int = 5432) throws -> String {
        try Self.run(
            [Self.programs + "/psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", directory.path]
                + ["-p", "\(port)", "-U", "postgres", "-c", statements, "postgres"]
        )
    }

    /// Starts a server of its own.
    convenience init() throws {
        try self.init { data in
            try Self.initialize(data)
            return []
        }
    }

    /// Starts a server in a directory that `prepare` fills; what that returns are settings.
    private init(prepare: (_ data: String) throws -> [String]) throws {
        directory = URL(filePath: try Self.run(["mktemp", "-d", "/tmp/darkroom-postgres-XXXXXX"]))
        if geteuid() == 0 { try Self.run(["chown", "postgres", directory.path]) }
        settings = try prepare(directory.appending(path: "data").path)
        try control("start")
        // A shell that ends the server when this process, at the other end of its input, is gone.
        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/sh")
        shell.arguments =
            ["-c", #"read -r _; "$@"; rm -rf "$0""#, directory.path] + Self.unprivileged
            + [Self.programs + "/pg_ctl", "stop", "--mode=immediate", "-D", data]
        shell.standardInput = input
        // Whoever waits for the output of this process waits for nothing else.
        shell.standardOutput = FileHandle.nullDevice
        shell.standardError = FileHandle.nullDevice
        try shell.run()
    }

    /// Fills a directory for a server of its own.
    private static func initialize(_ data: String) throws {
        try run(unprivileged + [programs + "/initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N"])
    }

    /// Kills the server's processes and starts it again, as a crash of its machine would.
    func crash() throws {
        try control("restart", "--mode=immediate")
    }

    private var data: String { directory.appending(path: "data").path }

    private func control(_ command: String...) throws {
        let settings = ["listen_addresses=", "fsync=off", "max_connections=400"] + settings
        let options = "-k \(directory.path) " + settings.map { "-c \($0)" }.joined(separator: " ")
        // The server keeps all files of whoever starts it open, among them what tells Foundation of a process's end.
        let closing = #"for file in /proc/self/fd/*; do n=${file##*/}; ((n > 2)) && eval "exec $n>&-"; done; exec "$@""#
        try Self.start(
            ["bash", "-c", closing, "bash"] + Self.unprivileged + [Self.programs + "/pg_ctl"] + command
                + ["--wait", "-D", data, "-l", directory.path + "/log", "-o", options],
            output: .nullDevice
        )
    }

    /// The directory of the newest version's programs.
    private static let programs: String = {
        if let path = try? run(["sh", "-c", "ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1"]), !path.isEmpty {
            return path
        }
        return (try? run(["pg_config", "--bindir"])) ?? "/usr/bin"
    }()

    /// The server does not run as root.
    private static let unprivileged =
        geteuid() == 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] : []

    /// Runs a program and returns what it prints.
    @discardableResult
    private static func run(_ command: [String]) throws -> String {
        let output = Pipe()
        var data = Data()
        try start(command, output: output.fileHandleForWriting) {
            // This process's end, or there is no end to read.
            try output.fileHandleForWriting.close()
            data = try output.fileHandleForReading.readToEnd() ?? Data()
        }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Runs a program to its end.
    private static func start(_ command: [String], output: FileHandle, meanwhile: () throws -> Void = {}) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        // A directory that every user may be in.
        process.currentDirectoryURL = URL(filePath: "/")
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        try meanwhile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Unexpected(outcome: "\(command) failed") }
    }
}

/// Two servers of which one can take the other's place.
extension PostgresServer {
    /// Starts a replica.
    ///
    /// From now on the server has nothing that the replica does not have too.
    func replica() throws -> PostgresServer {
        let replica = try PostgresServer { data in
            try Self.run(
                Self.unprivileged + [Self.programs + "/pg_basebackup", "-D", data, "-h", directory.path]
                    + ["-U", "postgres", "--write-recovery-conf", "--checkpoint=fast"]
            )
            return []
        }
        try sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
        try sql("SELECT pg_reload_conf()")
        return replica
    }

    /// Kills the server's processes for good.
    func kill() throws {
        try control("stop", "--mode=immediate")
    }

    /// Makes a replica a server of its own.
    func promote() throws {
        try sql("SELECT pg_promote()")
    }

    /// The address of whichever of the two servers writes.
    func url(schema: String, or other: PostgresServer) throws -> String {
        try url(schema: schema).replacing(directory.path, with: "\(directory.path),\(other.directory.path)")
            + "&target_session_attrs=read-write"
    }
}

/// A server that speaks TLS.
extension PostgresServer {
    /// Starts a server that can be reached at 127.0.0.1 over TLS, and nowhere else.
    ///
    /// - Parameter authority: Where the certificate of the authority that vouches for it is written.
    convenience init(port: Int, authority: URL) throws {
        try self.init { data in
            try Self.initialize(data)
            let rules = "local all all trust\\nhostssl all all all trust\\n"
            try Self.run(["sh", "-c", "printf '\(rules)' > \(data)/pg_hba.conf"])
            try Self.certify(directory: data, authority: authority)
            return ["listen_addresses=127.0.0.1", "port=\(port)", "ssl=on"]
        }
    }

    /// Makes an authority, and a certificate for 127.0.0.1 in a directory of the server's.
    private static func certify(directory: String, authority: URL) throws {
        let script = """
            set -e
            cd "$(mktemp -d)"
            openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=authority
            openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=server
            echo subjectAltName=IP:127.0.0.1 > names
            openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out server.crt -days 2 -extfile names
            chmod 600 server.key
            cp ca.crt "$1"
            [ "$(id -u)" != 0 ] || chown postgres server.key server.crt
            mv server.key server.crt "$2"
            rm -rf "$PWD"
            """
        try run(["sh", "-c", script, "sh", authority.path, directory])
    }
}
