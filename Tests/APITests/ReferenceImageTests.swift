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
        let decoder = ReferenceImageDecoder(limits: DecodingLimits(), maxPending: 1)
        let picture = try TestAPI.picture()
        for _ in 0..<3 {
            #expect(try await decoder.decode(.file(picture)).bytes == picture)
            await #expect(throws: APIError.self) { try await decoder.decode(.text("no picture")) }
        }
    }

    @Test func `a request that waits does not keep its body`() async throws {
        let json = #"{"prompt": "cat"}"#
        var request = Request(
            head: HTTPRequest(method: .post, scheme: nil, authority: nil, path: "/"),
            body: RequestBody(buffer: ByteBuffer(string: json))
        )
        let fields = try await BodyFields(collecting: &request, upTo: 100).fields
        #expect(fields.map(\.name) == ["prompt"])
        #expect(try await request.body.collect(upTo: 100).readableBytes == 0)
    }
}
