// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension ServiceTests {
    /// Many callers at once: nobody pays for anything but pictures.
    @Suite struct ConcurrencyTests {
        @Test func ofManyCallersEachGetsAPictureOrIsToldToComeBack() async throws {
            let server = try await TestServer("--max-queued", "60")
            let balance = Decimal(string: "0.01")
            let keys = try (0..<20).map { index in
                try server.command("keys", "create", "--account", "caller-\(index)", "--credits", "0.01")
                    .output.trimmingCharacters(in: .whitespacesAndNewlines)
            }
            let answers = try await withThrowingTaskGroup(of: (key: Int, status: Int, code: String?).self) { group in
                for index in 0..<200 {
                    let key = index % keys.count
                    group.addTask {
                        let answer = try await server.generate(["seed": index], key: keys[key])
                        return (key, answer.status, answer.code)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count == 200)
            #expect(answers.allSatisfy { $0.status == 200 || $0.status == 429 })
            #expect(answers.filter { $0.status == 429 }.allSatisfy { $0.code == "queue_full" })
            #expect(answers.contains { $0.status == 200 })
            // 120 millionths of a credit for each of two evaluations.
            let price = try #require(Decimal(string: "0.00024"))
            for (index, key) in keys.enumerated() {
                let made = answers.filter { $0.key == index && $0.status == 200 }.count
                let spent = try #require(balance) - (try await server.credits(key: key))
                #expect(spent == price * Decimal(made), "caller \(index) got \(made) pictures")
            }
            try server.expectBalancedBooks()
        }

        @Test func twentyIdenticalRequestsAreOneJob() async throws {
            let server = try await TestServer()
            let before = try await server.credits()
            let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                for _ in 0..<20 {
                    group.addTask { try await server.generate(headers: ["Idempotency-Key": "the-same"]) }
                }
                return try await group.reduce(into: [Answer]()) { $0.append($1) }
            }
            #expect(answers.allSatisfy { $0.status == 200 })
            #expect(Set(answers.compactMap { $0.text("request_id") }).count == 1)
            #expect(Set(answers.compactMap { $0.text("image") }).count == 1)
            #expect(answers.filter { $0.headers["idempotent-replayed"] == nil }.count == 1)
            #expect(before - (try await server.credits()) == Decimal(string: "0.00024"))
            try server.expectBalancedBooks()
        }

        @Test func aRequestIsCancelledAndRefundedWhereverItIs() async throws {
            let server = try await TestServer("--max-workers", "1")
            let before = try await server.credits()
            // Running
            let running = try await server.submit(["num_inference_steps": 150, "samples": 10])
            try await server.waitUntil("it runs") { try await server.status(of: running) == "PROCESSING" }
            // Waiting: of another size, so that it is not taken along
            let waiting = try await server.submit(["img_width": 32])
            for id in [waiting, running, running] {
                #expect(try await server.send("DELETE", "/v2/requests/\(id)").text("status") == "CANCELLED")
            }
            #expect(try await server.credits() == before)
            // Over
            let done = try await server.submit()
            try await server.waitUntil("it is done") { try await server.status(of: done) == "COMPLETED" }
            #expect(try await server.send("DELETE", "/v2/requests/\(done)").text("status") == "COMPLETED")
            #expect(before - (try await server.credits()) == Decimal(string: "0.00024"))
            try server.expectBalancedBooks()
        }

        @Test func aCallerWhoHangsUpIsNotCharged() async throws {
            let server = try await TestServer()
            let before = try await server.credits()
            let caller = Task { try await server.generate(["num_inference_steps": 150, "samples": 10]) }
            try await server.waitUntil("it runs") { try await server.get("/health")["running"] as? Int == 1 }
            caller.cancel()
            try await server.waitUntil("it is cancelled") { try await server.get("/health")["running"] as? Int == 0 }
            #expect(try await server.credits() == before)
            try server.expectBalancedBooks()
        }
    }
}
