// SPDX-License-Identifier: Apache-2.0

import Foundation
import ImageCodec
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The server as its own process, asked over HTTP.
@Suite struct ServeTests {
    @Test func theApiPagesSampleGivesAPictureThatCanBeFetched() async throws {
        let server = try await Server.start()
        defer { server.stop() }
        var request = URLRequest(url: server.url.appending(path: "v1/sd2.1-txt2img"))
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.setValue("YOUR_API_KEY", forHTTPHeaderField: "x-api-key")
        request.httpBody = Data(
            """
            {"samples": 1, "prompt": "calico cat wearing a cosmonaut suit, 3d render, pixar style, 8k, high resolution",
             "scheduler": "DDIM", "num_inference_steps": 2, "guidance_scale": 7.5, "strength": 1, "seed": 17123564234,
             "img_width": 256, "img_height": 256, "base64": false}
            """.utf8
        )
        let (data, response) = try await URLSession.shared.data(for: request)
        #expect((response as? HTTPURLResponse)?.statusCode == 200)

        struct Answer: Decodable {
            var status: String
            var seed: Int64
            var image: URL
        }
        let answer = try JSONDecoder().decode(Answer.self, from: data)
        #expect(answer.status == "COMPLETED")
        #expect(answer.seed == 17_123_564_234)
        let (picture, _) = try await URLSession.shared.data(from: answer.image)
        let decoded = try ImageDecoder().decode([UInt8](picture))
        #expect(decoded.format == .jpeg)
        #expect((decoded.image.width, decoded.image.height) == (256, 256))
        #expect(decoded.metadata.digitalSourceType == .trainedAlgorithmicMedia)
    }
}

/// A running `darkroom serve` on a port of its own.
private struct Server {
    let process: Process
    let url: URL

    static func start() async throws -> Server {
        // A port from the range that the system does not hand out by itself, so that no other test meets it.
        let port = Int.random(in: 20_000..<30_000)
        let process = try DarkroomProcess.start(
            ["serve", "--model", DarkroomProcess.model, "--port", "\(port)"],
            output: Pipe(),
            errors: Pipe()
        )
        let url = try #require(URL(string: "http://127.0.0.1:\(port)"))
        for _ in 0..<300 {
            if let (_, response) = try? await URLSession.shared.data(from: url.appending(path: "health")),
                (response as? HTTPURLResponse)?.statusCode == 200
            {
                return Server(process: process, url: url)
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        process.terminate()
        throw CocoaError(.featureUnsupported)
    }

    func stop() {
        process.terminate()
        process.waitUntilExit()
    }
}
