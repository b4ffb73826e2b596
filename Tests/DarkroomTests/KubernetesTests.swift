// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Testing

@testable import darkroom

/// The manifests in `deploy/kubernetes` speak of the program as it is.
@Suite struct KubernetesTests {
    private let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "deploy/kubernetes")

    @Test func everyFileIsAppliedAndBeginsWithAKind() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { $0.hasSuffix(".yaml") }
        let applied = try text("kustomization.yaml").matches(of: /(?m)^  - ([a-z-]+\.yaml)$/).map { String($0.1) }
        #expect(Set(applied) == Set(files).subtracting(["kustomization.yaml"]))
        for file in files {
            for document in try text(file).components(separatedBy: "\n---\n") {
                #expect(document.contains(/(?m)^apiVersion: \S+\nkind: \w+$/), "\(file)")
                #expect(!document.contains("\t"), "\(file)")
            }
        }
    }

    @Test func theGatewayIsConfiguredWithWhatServeKnows() async throws {
        let environment = try environment("settings.yaml", "gateway.yaml")
        let serve = try #require(try await parse("serve", environment) as? Serve)
        #expect(serve.http.host == "0.0.0.0")
        #expect(serve.maxWorkers == 0)
        #expect(serve.storeOptions.database != .standard)
        let manifest = try text("gateway.yaml")
        #expect(manifest.contains("containerPort: \(serve.http.port)}"))
        #expect(manifest.contains(#"args: ["serve"]"#))
        #expect(try text("network.yaml").contains("port: \(serve.http.port)}"))
    }

    @Test func aWorkerIsConfiguredWithWhatItKnowsAndDrainsBeforeItIsKilled() async throws {
        let environment = try environment("settings.yaml", "worker.yaml")
        let worker = try #require(try await parse("worker", environment) as? RunWorker)
        let serve = try #require(try await parse("serve", try self.environment("settings.yaml")) as? Serve)
        #expect(worker.storeOptions.policy == serve.storeOptions.policy)
        let manifest = try text("worker.yaml")
        #expect(manifest.contains(#"args: ["worker"]"#))
        let port = try #require(worker.metricsOptions.metricsPort)
        #expect(manifest.contains("containerPort: \(port)}"))
        #expect(try text("network.yaml").contains("port: \(port)}"))
        let grace = try #require(manifest.firstMatch(of: /terminationGracePeriodSeconds: (\d+)/).flatMap { Int($0.1) })
        #expect(worker.workerOptions.drainTimeout.duration < .seconds(grace))
        let target = try text("worker-scaling.yaml").firstMatch(of: /targetQueryValue: "(\d+)"/).flatMap { Int($0.1) }
        #expect(target == worker.workerOptions.maxBatch)
    }

    @Test func probesAskForWhatTheServerAnswers() async throws {
        let paths = Set(try text("gateway.yaml").matches(of: /path: (\/[a-z]+)\b/).map { String($0.1) })
        #expect(paths == ["/health", "/metrics", "/ready"])
        let server = try await TestServer("--max-workers", "0")
        for path in paths { #expect(try await server.get(path, key: "").status == 200, "\(path)") }
    }

    /// The variables that files set, each of which must be a setting; the database's address comes from a secret.
    private func environment(_ files: String...) throws -> [String: String] {
        let known = Set((Serve.settings + RunWorker.settings).map(\.variable))
        var environment: [String: String] = [:]
        for file in files {
            let text = try text(file)
            for match in text.matches(of: /name: (DARKROOM_\w+)\n\s+valueFrom:/) {
                #expect(match.1 == "DARKROOM_DATABASE")
                environment[String(match.1)] = "postgresql://darkroom@postgres/darkroom"
            }
            for match in text.matches(of: /\{name: (DARKROOM_\w+), value: "?([^"}]*)"?\}/) {
                environment[String(match.1)] = String(match.2)
            }
            for match in text.matches(of: /(?m)^  (DARKROOM_\w+): "?([^"\n]*)"?$/) {
                environment[String(match.1)] = String(match.2)
            }
            for match in text.matches(of: /DARKROOM_\w+/) { #expect(known.contains(String(match.0)), "\(file)") }
        }
        return environment
    }

    private func parse(_ command: String, _ environment: [String: String]) async throws -> any ParsableCommand {
        let configured = try await ConfiguredArguments([command], environment: environment)
        return try Darkroom.parseAsRoot(configured.arguments)
    }

    private func text(_ file: String) throws -> String {
        try String(contentsOf: directory.appending(path: file), encoding: .utf8)
    }
}
