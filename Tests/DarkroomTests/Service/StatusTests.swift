// SPDX-License-Identifier: Apache-2.0

import Foundation
import ImageCodec
import Testing

extension ServiceTests {
    /// Every status of the table in docs/api.md, from a server and a worker as they are run.
    @Suite struct StatusTests {
        @Test func theFirstRequestStartsAWorkerAndIsAnsweredWithAPicture() async throws {
            let server = try await TestServer()
            #expect(try await server.get("/health").text("status") == "cold")
            #expect(server.workers.isEmpty)

            let answer = try await server.generate()
            #expect(answer.status == 200)
            #expect(answer.text("status") == "COMPLETED")
            let image = try #require(answer.text("image").flatMap { URL(string: $0) })
            let picture = try await server.get(image.path, key: "")
            #expect(picture.status == 200)
            let decoded = try ImageDecoder().decode([UInt8](picture.body))
            #expect((decoded.image.width, decoded.image.height) == (64, 64))
            #expect(decoded.metadata.digitalSourceType == .trainedAlgorithmicMedia)
            #expect(server.workers.count == 1)
            let etag = try #require(picture.headers["etag"])
            let again = try await server.send("GET", image.path, headers: ["If-None-Match": etag])
            #expect(again.status == 304)
            try server.expectBalancedBooks()
            #expect(server.stop() == 0)
            #expect(server.workers.isEmpty)
            #expect(!server.log.contains("a cat"), "no prompt is logged")
            #expect(!server.log.contains(server.key), "no key is logged")
        }

        @Test func everyRefusalHasItsStatusAndItsCode() async throws {
            let server = try await TestServer("--max-workers", "0", "--max-queued", "1", "--max-body-bytes", "4096")
            func expect(
                _ status: Int,
                _ code: String,
                _ answer: Answer,
                sourceLocation: SourceLocation = #_sourceLocation
            ) {
                #expect(answer.status == status, sourceLocation: sourceLocation)
                #expect(answer.code == code, sourceLocation: sourceLocation)
                #expect(answer.text("request_id") != nil, sourceLocation: sourceLocation)
            }
            let path = "/v1/sd2.1-txt2img"
            let json = ["Content-Type": "application/json"]
            expect(400, "invalid_json", try await server.send("POST", path, headers: json, body: Data("{".utf8)))
            expect(400, "invalid_parameter", try await server.generate(["num_inference_steps": 0]))
            expect(400, "invalid_image", try await server.generate(["image": "AAAA"]))
            expect(
                400,
                "unsupported_content_type",
                try await server.send("POST", path, headers: ["Content-Type": "text/csv"], body: Data("a".utf8))
            )
            expect(401, "missing_api_key", try await server.generate(key: ""))
            expect(401, "invalid_api_key", try await server.generate(key: "dk_nonsense"))
            expect(404, "unknown_endpoint", try await server.get("/v1/nothing"))
            expect(404, "unknown_request", try await server.get("/v2/requests/\(UUID().uuidString.lowercased())"))
            let wrongMethod = try await server.send("PUT", path)
            expect(405, "method_not_allowed", wrongMethod)
            #expect(wrongMethod.headers["allow"]?.contains("POST") == true)
            expect(413, "body_too_large", try await server.generate(["prompt": String(repeating: "x", count: 5000)]))

            let poor = try key(server, "--account", "poor")
            let broke = try await server.generate(key: poor)
            expect(406, "insufficient_credits", broke)
            #expect(broke.text("error")?.hasPrefix("Insufficient credits") == true)
            expect(
                403,
                "insufficient_scope",
                try await server.generate(key: try key(server, "--scopes", "read"))
            )
            let expensive = try key(server, "--spend-limit", "0.00001")
            expect(406, "spend_limit_reached", try await server.generate(key: expensive))

            let id = try await server.submit(headers: ["Idempotency-Key": "one"])
            let other = try await server.send(
                "POST",
                "/v2/sd2.1-txt2img",
                TestServer.fields(["seed": 8]),
                headers: ["Idempotency-Key": "one"]
            )
            expect(422, "idempotency_mismatch", other)
            let full = try await server.generate()
            expect(429, "queue_full", full)
            #expect(Int(full.headers["retry-after"] ?? "").map { $0 > 0 } == true)
            #expect(full.headers["x-rate-limit-reset-at-utc"] != nil)
            expect(404, "unknown_request", try await server.get("/v2/requests/\(id)", key: poor))

            #expect(try await server.send("DELETE", "/v2/requests/\(id)").text("status") == "CANCELLED")
            let limited = try key(server, "--rate", "1/hour")
            let first = try await server.send("POST", "/v2/sd2.1-txt2img", TestServer.fields(), key: limited)
            #expect(first.status == 200)
            expect(429, "rate_limited", try await server.generate(key: limited))

            let revoked = try key(server)
            let list = try server.command("keys", "list", "--json").output
            let keys = try #require(try JSONSerialization.jsonObject(with: Data(list.utf8)) as? [[String: Any]])
            let newest = try #require(keys.last?["id"] as? String)
            #expect(try server.command("keys", "revoke", newest).status == 0)
            expect(403, "key_disabled", try await server.generate(key: revoked))
            try server.expectBalancedBooks()
        }

        @Test func aRequestThatIsNotMadeInTimeIsA504AndRefunded() async throws {
            let server = try await TestServer("--max-workers", "0", "--deadline", "1")
            let before = try await server.credits()
            let answer = try await server.generate()
            #expect(answer.status == 504)
            #expect(answer.code == "timeout")
            #expect(try await server.credits() == before)
            try server.expectBalancedBooks()
        }

        @Test func aRequestThatEndsItsWorkersIsA502AndRefunded() async throws {
            let server = try await TestServer("--retry-limit", "1")
            let before = try await server.credits()
            async let answer = server.generate(["num_inference_steps": 150, "samples": 10])
            for _ in 0..<2 {
                try await server.waitUntil("a worker runs it") {
                    try await server.get("/health")["running"] as? Int == 1 && !server.workers.isEmpty
                }
                for worker in server.workers { Foundation.kill(worker, SIGKILL) }
                try await server.waitUntil("it is taken back") { server.workers.isEmpty }
                try await server.waitUntil("its end is known") {
                    try await server.get("/health")["running"] as? Int == 0
                }
            }
            #expect(try await answer.status == 502)
            #expect(try await answer.code == "worker_failed")
            #expect(try await server.credits() == before)
            try server.expectBalancedBooks()
        }

        @Test func metricsTellWhatWorkersDid() async throws {
            let server = try await TestServer()
            #expect(try await server.generate(["samples": 2]).status == 200)
            try await server.waitUntil("the worker's figures are there") {
                let text = String(decoding: try await server.get("/metrics").body, as: UTF8.self)
                return [
                    "darkroom_worker_starts_total 1.0", "darkroom_cold_start_seconds_count 1",
                    "darkroom_jobs_total{outcome=\"completed\"} 1.0", "darkroom_pictures_total 2.0",
                    "darkroom_evaluation_pictures_sum 4.0",
                    "darkroom_http_requests_total{method=\"POST\",route=\"/v1/sd2.1-txt2img\",status=\"200\"} 1.0",
                ].allSatisfy { text.contains("\n\($0)\n") }
            }
        }

        private func key(_ server: TestServer, _ options: String...) throws -> String {
            let run = try DarkroomProcess.run(["keys", "create", "--database", server.database] + options)
            #expect(run.status == 0, "\(run.errors)")
            return run.output.trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }
}
