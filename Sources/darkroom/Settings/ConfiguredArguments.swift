// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Configuration
import Foundation

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// A command line completed by what the environment and a file decide.
///
/// What is said later counts, so the order is: file, environment, command line. Everything is then checked in one place,
/// by the command's own options.
struct ConfiguredArguments {
    /// The whole command line.
    private(set) var arguments: [String]
    /// Where the values came from that are not from the command line, by option.
    private var origins: [String: String] = [:]

    /// The commands that take part.
    private static let commands: [String: any ConfigurableCommand.Type] = [
        "serve": Serve.self, "worker": RunWorker.self,
    ]

    /// Completes `arguments`, which begin with the command's name.
    ///
    /// - Throws: `ValidationError` for a file that cannot be read or has a name in it that is no setting, and for values
    ///   that cannot be meant.
    init(_ arguments: [String], environment: [String: String]) async throws {
        self.arguments = arguments
        guard let settings = arguments.first.flatMap({ Self.commands[$0] })?.settings else { return }
        var configured: [String] = []
        if let path = Self.file(in: arguments) ?? environment["DARKROOM_CONFIG"] {
            configured += try await take(settings, fromFile: path)
        }
        configured += try take(settings, fromEnvironment: environment)
        self.arguments.insert(contentsOf: configured, at: 1)
    }

    /// Where the value came from that a complaint is about, if it was not the command line.
    func origin(of complaint: String) -> String? {
        origins.filter { complaint.contains("'\($0.key)") || complaint.contains("\($0.key) ") }
            .max { $0.key.count < $1.key.count }?.value
    }

    private static func file(in arguments: [String]) -> String? {
        for (argument, next) in zip(arguments, arguments.dropFirst() + [""]) {
            if argument == "--config", !next.isEmpty { return next }
            if argument.hasPrefix("--config=") { return String(argument.dropFirst("--config=".count)) }
        }
        return nil
    }

    private mutating func take(_ settings: [Setting], fromFile path: String) async throws -> [String] {
        let names = try Self.names(inFile: path)
        // One file does for all commands: what is another's is not wrong.
        let known = Set(Self.commands.values.flatMap { $0.settings }.map(\.name))
        if let unknown = names.subtracting(known).min() {
            throw ValidationError("--config: \(path): there is no setting '\(unknown)'")
        }
        let reader = try await Self.reader(ofFile: path)
        var arguments: [String] = []
        for setting in settings where names.contains(setting.name) {
            guard let value = reader.text(of: setting, named: setting.name) else {
                throw ValidationError("--config: \(path): '\(setting.name)' must be text or a number")
            }
            arguments += try take(value, of: setting, from: "'\(setting.name)' in \(path)")
        }
        return arguments
    }

    /// What a file decides, by name: a reader alone would not tell of a name that nobody asks for.
    private static func names(inFile path: String) throws -> Set<String> {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ValidationError("--config: cannot read '\(path)'")
        }
        guard let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
            throw ValidationError("--config: \(path) is not a JSON object")
        }
        return Set(object.keys)
    }

    private static func reader(ofFile path: String) async throws -> ConfigReader {
        do {
            let provider = try await FileProvider<JSONSnapshot>(filePath: FilePath(path))
            return ConfigReader(provider: provider)
        } catch {
            throw ValidationError("--config: \(path): \(error)")
        }
    }

    private mutating func take(
        _ settings: [Setting],
        fromEnvironment environment: [String: String]
    ) throws -> [String] {
        let reader = ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: environment))
        var arguments: [String] = []
        for setting in settings {
            // A variable that is empty decides nothing, as one that is not set.
            guard let value = reader.text(of: setting, named: "darkroom-" + setting.name), !value.isEmpty else {
                continue
            }
            arguments += try take(value, of: setting, from: setting.variable)
        }
        return arguments
    }

    private mutating func take(_ value: String, of setting: Setting, from origin: String) throws -> [String] {
        guard let arguments = setting.arguments(for: value) else {
            throw ValidationError("\(origin) must be true or false. Given: \(value)")
        }
        origins[setting.option] = origin
        return arguments
    }
}

extension ConfigReader {
    /// A value as it would be written on the command line.
    fileprivate func text(of setting: Setting, named name: String) -> String? {
        let key = ConfigKey([name])
        if let text = string(forKey: key) { return text }
        if setting.isFlag { return bool(forKey: key).map { "\($0)" } }
        return int(forKey: key).map { "\($0)" } ?? double(forKey: key).map { "\($0)" }
    }
}
