// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import HummingbirdTesting
import ImageCodec
import Jobs
import Testing

@testable import API

struct ReferenceImageTests {
    @Test(arguments: [
        (#""quality": 0"#, "quality"), (#""samples": 99"#, "samples"), (#""strength": 0"#, "strength"),
        (#""output_format": "gif""#, "output_format"),
    ])
    func `other wrong values are found before the picture is read`(json: String, field: String) async throws {
        let body = try await TestAPI().post(#"{"image": "no picture", \#(json)}"#).json(ErrorBody.self)
        #expect((body.code, body.field) == ("invalid_parameter", field))
    }

    @Test func `as many pictures are read or wait as may`() async throws {
        var api = TestAPI()
        api.configuration.maxPendingReferences = 0
        let base64 = Data(try TestAPI.picture()).base64EncodedString()
        let refused = try await api.post(#"{"image": "\#(base64)"}"#)
        #expect(refused.status == .tooManyRequests)
        #expect(refused.header("retry-after") != nil)
        #expect(try refused.json(ErrorBody.self).code == "queue_full")
        #expect(try await api.post("{}").status == .ok)
    }

    @Test func `a place is free again after a picture and after an error`() async throws {
        var configuration = TestAPI().configuration
        configuration.maxPendingReferences = 1
        let reader = ReferenceImageReader(
            configuration: configuration,
            outbound: OutboundClient(policy: OutboundPolicy())
        )
        let picture = try TestAPI.picture()
        for _ in 0..<3 {
            #expect(try await reader.read(.file(picture)).bytes == picture)
            await #expect(throws: ReferenceImageError.self) { try await reader.read(.text("no picture")) }
        }
    }

    @Test func `a request that waits does not keep its body`() async throws {
        let json = #"{"prompt": "cat"}"#
        var request = Request(
            head: HTTPRequest(method: .post, scheme: nil, authority: nil, path: "/"),
            body: RequestBody(buffer: ByteBuffer(string: json))
        )
        let fields = try await BodyReader(maxBytes: 100, memory: 100).fields(in: &request).fields
        #expect(fields.map(\.name) == ["prompt"])
        #expect(try await request.body.collect(upTo: 100).readableBytes == 0)
    }

    private func localAPI() -> TestAPI {
        var api = TestAPI()
        api.configuration.outbound.allowsHTTP = true
        api.configuration.outbound.allowsPrivateAddresses = true
        return api
    }

    @Test func `a picture at a web address is fetched`() async throws {
        try await withTestServer { server async throws in
            let picture = try TestAPI.picture()
            server.answer("/cat.png", status: 302, location: "/there.png")
            server.answer("/there.png", status: 200, body: picture)
            let api = localAPI()
            let response = try await api.post(
                #"{"image": "http://127.0.0.1:\#(server.port)/cat.png"}"#,
                to: TestAPI.imageToImage
            )
            #expect(response.status == .ok, "\(response.text)")
            let expected = try ReferenceImage(validating: picture, limits: DecodingLimits())
            #expect(api.worker.requests.first?.start == .image(expected, strength: 1))
        }
    }

    @Test func `what is no picture at a web address is a 400 that says why`() async throws {
        try await withTestServer { server async throws in
            server.answer("/text", status: 200, body: Array("no picture".utf8))
            server.answer("/large", status: 200, body: [UInt8](repeating: 0, count: 101))
            server.answer("/forever", status: 302, location: "/forever")
            var api = localAPI()
            api.configuration.referenceLimits.maxBytes = 100
            for (path, reason) in [
                ("text", "image cannot be used"), ("large", "sends more than 100 bytes"), ("forever", "too often"),
                ("nothing", "answers 404"),
            ] {
                let response = try await api.post(#"{"image": "http://127.0.0.1:\#(server.port)/\#(path)"}"#)
                #expect(response.status == .badRequest)
                let body = try response.json(ErrorBody.self)
                #expect((body.code, body.field) == ("invalid_image", "image"))
                #expect(body.error.contains(reason), "\(body.error)")
            }
        }
    }

    @Test func `as many pictures are fetched as may`() async throws {
        var api = localAPI()
        api.configuration.maxPendingFetches = 0
        #expect(try await api.post(#"{"image": "http://127.0.0.1:1/"}"#).status == .tooManyRequests)
    }
}
