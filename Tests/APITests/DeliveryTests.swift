// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import HummingbirdTesting
import ImageCodec
import Testing

@testable import API

struct DeliveryTests {
    enum Expected { case raw(ImageFormat), addresses, base64 }

    @Test(
        arguments: [
            (nil, "{}", .json, .addresses), ("*/*", "{}", .json, .addresses),
            ("application/json", "{}", .json, .addresses), ("text/html", "{}", .json, .addresses),
            (nil, #"{"base64": true}"#, .json, .base64), ("*/*", #"{"base64": "true", "samples": 2}"#, .json, .base64),
            ("image/*", "{}", .json, .raw(.jpeg)), ("image/jpeg", "{}", .json, .raw(.jpeg)),
            ("image/png", "{}", .json, .raw(.png)), ("image/webp", "{}", .json, .raw(.webp)),
            ("image/webp, image/png;q=0.5", #"{"output_format": "png"}"#, .json, .raw(.png)),
            ("image/png, */*", #"{"output_format": "webp"}"#, .json, .raw(.webp)),
            ("image/jpg", #"{"output_format": "jpeg"}"#, .json, .raw(.jpeg)),
            ("image/png", #"{"output_format": "webp", "samples": 2}"#, .json, .addresses),
            ("image/*", #"{"output_format": "png"}"#, .json, .raw(.png)),
            ("image/png", #"{"base64": true}"#, .json, .raw(.png)),
            ("image/png", #"{"samples": 2}"#, .json, .addresses),
            ("image/*", #"{"samples": "2", "base64": true}"#, .json, .base64),
            (nil, "{}", .image, .raw(.jpeg)), ("application/json", "{}", .image, .raw(.jpeg)),
            (nil, #"{"base64": true}"#, .image, .base64), (nil, #"{"samples": 2}"#, .image, .addresses),
        ] as [(String?, String, APIConfiguration.ResponseMode, Expected)]
    )
    func `what comes back depends on Accept, base64, samples and mode`(
        accept: String?,
        json: String,
        mode: APIConfiguration.ResponseMode,
        expected: Expected
    ) async throws {
        var api = TestAPI()
        api.configuration.responseMode = mode
        let response = try await api.post(json, accept: accept)
        #expect(response.status == .ok)
        #expect(response.header("x-seed-value") != nil)
        #expect(response.header("x-generation-time") != nil)
        switch expected {
        case .raw(let format):
            #expect(response.header("content-type") == format.mediaType)
            #expect(ImageFormat(sniffing: response.bytes) == format)
        case .addresses:
            let body = try response.json(PictureBody.self)
            #expect(body.images.allSatisfy { $0.url != nil && $0.base64 == nil })
            #expect(body.image == body.images[0].url)
        case .base64:
            let body = try response.json(PictureBody.self)
            #expect(body.images.allSatisfy { $0.url == nil })
            #expect(ImageFormat(sniffing: Array(try #require(body.images[0].base64))) == .jpeg)
            #expect(Data(base64Encoded: body.image) == body.images[0].base64)
        }
    }

    @Test(arguments: [
        ("image/png", #"{"output_format": "webp"}"#),
        ("image/png, application/json;q=0.5", #"{"output_format": "jpg"}"#),
        ("image/*, image/webp;q=0", #"{"output_format": "webp"}"#), ("image/*, image/jpeg;q=0", "{}"),
    ])
    func `a picture of a format that Accept excludes is never sent`(accept: String, json: String) async throws {
        let api = TestAPI()
        let response = try await api.post(json, accept: accept)
        #expect(response.status == .badRequest)
        let body = try response.json(ErrorBody.self)
        #expect((body.code, body.field) == ("invalid_parameter", "output_format"))
        #expect(api.worker.requests.isEmpty)
    }

    @Test func `a picture brings its warnings in a header`() async throws {
        let api = TestAPI(.pictures(warnings: ["Cut: \"né\" 😀\n"]))
        let response = try await api.post(#"{"styel": 1}"#, accept: "image/png")
        let header = try #require(response.header("x-warnings"))
        #expect(header.utf8.allSatisfy { (0x20..<0x7F).contains($0) })
        let warnings = try JSONDecoder().decode([String].self, from: Data(header.utf8))
        #expect(warnings == ["Cut: \"né\" 😀\n", #"The field "styel" is not known and was ignored."#])
        #expect(try await TestAPI().post("{}", accept: "image/png").header("x-warnings") == nil)
    }

    @Test(arguments: [(1, 5_000), (100, 50), (100, 41), (3, 1_400)])
    func `long warnings are counted instead of cut`(count: Int, length: Int) throws {
        let header = try #require(WarningsHeader(Array(repeating: String(repeating: "w", count: length), count: count)))
        #expect(header.value.utf8.count <= WarningsHeader.maxBytes)
        let entries = try JSONDecoder().decode([String].self, from: Data(header.value.utf8))
        #expect(entries.dropLast().allSatisfy { $0.count == length })
        #expect(entries.last == "\(count - entries.count + 1) more did not fit into this header.")
    }

    @Test(
        arguments: [
            ("image/webp,image/png,*/*;q=0.8", .image(.webp)), ("application/json, image/png;q=0.5", .json),
            ("image/png;q=0.5, application/json", .json), ("application/json;q=0.5,image/png;q=0.9", .image(.png)),
            ("image/gif, image/*;q=0.1", .image(nil)), ("image/png;q=0", .json), ("IMAGE/PNG", .image(.png)),
            ("application/json,image/png", .json), ("image/png,application/json", .image(.png)), ("", .json),
            (",;=", .json),
            ("image/png;q=x", .image(.png)),
        ] as [(String, AcceptHeader.Choice)]
    )
    func `Accept is weighed`(header: String, choice: AcceptHeader.Choice) {
        #expect(AcceptHeader(header).preferred == choice)
    }
}
