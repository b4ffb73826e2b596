// SPDX-License-Identifier: Apache-2.0

import Foundation
import Jobs
import StableDiffusion
import Tensor
import Testing
import Worker

extension ServiceTests {
    /// Processes that end at any moment: no accepted request is lost, made twice or charged twice.
    ///
    /// `Scripts/fault-campaign` does the same for longer.
    @Suite struct FaultTests {
        @Test func everyAcceptedRequestIsMadeOnceWhateverIsKilled() async throws {
            let seed = UInt64.random(in: 0 ... .max)
            var generator = Seeded(state: seed)
            let server = try await TestServer("--retry-limit", "50", "--lease-duration", "2")
            let before = try await server.credits()
            let clients = Clients(server: server, count: 40)
            async let done = clients.run()
            for fault in 0..<7 {
                try await Task.sleep(for: .milliseconds(Int.random(in: 100...1200, using: &generator)))
                if fault % 3 == 2 {
                    server.kill()
                    try await server.start()
                } else {
                    try await server.waitUntil("a worker is up") { !server.workers.isEmpty || clients.isDone }
                    for worker in server.workers { kill(worker, SIGKILL) }
                }
            }
            let pictures = try await done

            let engine = try Self.engine()
            for (index, picture) in pictures.enumerated() {
                let expected = try engine.run(Clients.request(index)).images[0].bytes
                #expect([UInt8](picture) == expected, "request \(index) of seed \(seed)")
            }
            // Two evaluations each, 120 millionths of a credit.
            let spent = before - (try await server.credits())
            #expect(spent == Decimal(clients.count) * (try #require(Decimal(string: "0.00024"))), "seed \(seed)")
            let jobs = try server.command("jobs", "list", "--json", "--limit", "1000").output
            let list = try #require(try JSONSerialization.jsonObject(with: Data(jobs.utf8)) as? [[String: Any]])
            #expect(list.count == clients.count, "no request became two jobs; seed \(seed)")
            try server.expectBalancedBooks()
        }

        @Test func workersDoNotOutliveTheirServerAndASecondStartFinishesItsJobs() async throws {
            let server = try await TestServer("--lease-duration", "2", "--drain-timeout", "1")
            let id = try await server.submit(["num_inference_steps": 150, "samples": 3])
            try await server.waitUntil("it runs") { try await server.status(of: id) == "PROCESSING" }
            #expect(server.workers.count == 1)
            server.kill()
            try await server.waitUntil("the worker is gone") { server.workers.isEmpty }
            try await server.start()
            try await server.waitUntil("it is made") { try await server.status(of: id) == "COMPLETED" }
            try server.expectBalancedBooks()
        }

        @Test func aServerThatIsToldToStopLosesNothing() async throws {
            let server = try await TestServer("--drain-timeout", "0.2")
            let ids = [
                try await server.submit(["num_inference_steps": 150, "samples": 4]),
                try await server.submit(["img_width": 32]),
            ]
            try await server.waitUntil("one runs") { try await server.status(of: ids[0]) == "PROCESSING" }
            #expect(server.stop() == 0)
            #expect(server.workers.isEmpty)
            let waiting = try server.command("jobs", "list", "--json").output
            #expect(waiting.contains("queued") || waiting.contains("QUEUED"))
            try await server.start()
            for id in ids {
                try await server.waitUntil("it is made") { try await server.status(of: id) == "COMPLETED" }
            }
            try server.expectBalancedBooks()
        }

        @Test func workersLeaveWhenThereIsNothingToDoAndComeBack() async throws {
            let server = try await TestServer("--idle-timeout", "0.3")
            let first = try await server.generate()
            #expect(first.status == 200)
            try await server.waitUntil("the worker left") { server.workers.isEmpty }
            try await server.waitUntil("it is cold") { try await server.get("/health").text("status") == "cold" }
            let second = try await server.generate()
            #expect(second.status == 200)
            let (a, b) = (try await picture(first, server), try await picture(second, server))
            #expect(a == b)
        }

        private func picture(_ answer: Answer, _ server: TestServer) async throws -> Data {
            let url = try #require(answer.text("image").flatMap { URL(string: $0) })
            return try await server.get(url.path).body
        }

        /// What makes a request's pictures undisturbed.
        static func engine() throws -> PictureEngine {
            PictureEngine(
                modelName: "diffusers",
                model: try StableDiffusionModel(
                    ModelSource(path: DarkroomProcess.model),
                    on: CPUDevice(precision: .bfloat16, threads: 1)
                )
            )
        }
    }
}

/// Callers who each want one picture and do not give up.
private final class Clients: Sendable {
    let count: Int
    private let server: TestServer
    private let left: Counter

    init(server: TestServer, count: Int) {
        self.server = server
        self.count = count
        left = Counter(count)
    }

    var isDone: Bool { left.value == 0 }

    /// The pictures, in the order of the callers.
    func run() async throws -> [Data] {
        try await withThrowingTaskGroup(of: (Int, Data).self) { group in
            for index in 0..<count {
                group.addTask {
                    // Not all at once: jobs are to join and leave all the time.
                    try await Task.sleep(for: .milliseconds(100 * index))
                    let picture = try await self.picture(index)
                    self.left.decrement()
                    return (index, picture)
                }
            }
            return try await group.reduce(into: [(Int, Data)]()) { $0.append($1) }
                .sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func picture(_ index: Int) async throws -> Data {
        let id = try await persistently {
            try await self.server.submit(["seed": index], headers: ["Idempotency-Key": "\(index)"])
        }
        while true {
            let answer = try await persistently { try await self.server.get("/v2/requests/\(id)") }
            guard answer.text("status") != "COMPLETED" else {
                let url = try #require(answer.text("output").flatMap { URL(string: $0) })
                return try await persistently { try await self.server.get(url.path).body }
            }
            guard answer.status == 200 else { throw Problem("\(answer.status) \(answer.code ?? "")") }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// A server that is not there now comes back.
    private func persistently<Value>(_ body: () async throws -> Value) async throws -> Value {
        for _ in 0..<600 {
            do {
                return try await body()
            } catch is URLError {
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        throw Problem("the server did not come back")
    }

    /// The same request, as the engine takes it.
    static func request(_ index: Int) throws -> GenerationRequest {
        var parameters = GenerationParameters()
        parameters.prompt = "a cat"
        parameters.steps = 2
        parameters.seed = Int64(index)
        parameters.outputFormat = "png"
        var limits = GenerationLimits()
        limits.side = 8...1024
        return try GenerationRequest(
            validating: parameters,
            limits: limits,
            defaults: GenerationDefaults(width: 64, height: 64)
        )
    }
}
