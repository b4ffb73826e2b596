// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension ServiceTests {
    /// Workers that no server started.
    @Suite struct WorkerByHandTests {
        @Test func `a worker tells what it counts on a port of its own, and its log names the trace`() async throws {
            let server = try await TestServer("--max-workers", "0")
            let port = Int.random(in: 20_000..<30_000)
            let errors = Pipe()
            let worker = try DarkroomProcess.start(
                [
                    "worker", "--database", server.database, "--model", DarkroomProcess.model, "--metrics-port",
                    "\(port)",
                    "--log-format", "json",
                ],
                output: Pipe(),
                errors: errors
            )
            let answer = try await server.generate(headers: [
                "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
            ])
            #expect(answer.status == 200)

            let url = try #require(URL(string: "http://127.0.0.1:\(port)/metrics"))
            var text = ""
            try await server.waitUntil("the job is counted") {
                text = try String(contentsOf: url, encoding: .utf8)
                return text.contains(#"darkroom_jobs_total{outcome="completed"} 1.0"#)
            }
            #expect(text.contains("darkroom_cold_start_seconds_count 1\n"))
            // The server counts what it does itself.
            let own = String(decoding: try await server.get("/metrics").body, as: UTF8.self)
            #expect(own.contains("darkroom_http_requests_total{") && !own.contains("darkroom_jobs_total{"))

            worker.terminate()
            let log = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            worker.waitUntilExit()
            #expect(worker.terminationStatus == 0)
            let id = try #require(answer.text("request_id"))
            let lines = log.split(separator: "\n").filter { $0.contains(id) }
            #expect(lines.count == 2, "\(log)")
            for line in lines + server.log.split(separator: "\n").filter({ $0.contains("sd2.1-txt2img") }) {
                #expect(line.contains(#""request_id":"\#(id)""#), "\(line)")
                #expect(line.contains(#""trace_id":"4bf92f3577b34da6a3ce929d0e0e4736""#), "\(line)")
            }
        }

        @Test func `a port that is taken is said so`() async throws {
            let server = try await TestServer("--max-workers", "0")
            let port = try #require(server.url.port)
            let worker = try await DarkroomProcess.run(
                [
                    "worker", "--database", server.database, "--model", DarkroomProcess.model, "--metrics-port",
                    "\(port)",
                ],
                environment: [:]
            )
            #expect(worker.status == 1)
            #expect(worker.errors.contains("--metrics-port \(port): another program listens there"), "\(worker.errors)")
        }
    }
}
