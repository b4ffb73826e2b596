// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import HummingbirdTesting
import ImageCodec
import Jobs
import Testing

@testable import API

struct FormTests {
    private func form(_ parts: [(headers: String, content: [UInt8])], boundary: String = "XyZ") -> [UInt8] {
        var body: [UInt8] = []
        for part in parts {
            body += Array("--\(boundary)\r\n\(part.headers)\r\n\r\n".utf8) + part.content + Array("\r\n".utf8)
        }
        return body + Array("--\(boundary)--\r\n".utf8)
    }

    private func field(_ name: String, _ value: String) -> (headers: String, content: [UInt8]) {
        (#"Content-Disposition: form-data; name="\#(name)""#, Array(value.utf8))
    }

    @Test func `a form is as good as JSON, with files as files`() async throws {
        let api = TestAPI()
        let picture = try TestAPI.picture()
        let body = form([
            field("prompt", "a cat; \"calico\"\r\nwith a second line"), field("num_inference_steps", "30"),
            field("base64", "true"), field("negative_prompt", "NONE"), field("colour", "red"),
            (
                "Content-Disposition: form-data; name=\"image\"; filename=\"a;b.png\"\r\nContent-Type: image/png",
                picture
            ),
        ])
        let response = try await api.post(
            body,
            to: TestAPI.imageToImage,
            headers: [.contentType: "multipart/form-data; boundary=XyZ"]
        )
        #expect(response.status == .ok, "\(String(decoding: response.bytes, as: UTF8.self))")
        let answer = try response.json(PictureBody.self)
        #expect(answer.images[0].base64 != nil)
        #expect(answer.warnings == [#"The field "colour" is not known and was ignored."#])
        let request = try #require(api.worker.requests.first)
        #expect(request.prompt == "a cat; \"calico\"\r\nwith a second line")
        #expect((request.steps, request.negativePrompt) == (30, ""))
        #expect(request.start == .image(try ReferenceImage(validating: picture, limits: DecodingLimits()), strength: 1))
    }

    @Test func `a wrong value in a form names its field`() async throws {
        let response = try await TestAPI().post(
            form([field("samples", "0")]),
            headers: [.contentType: "multipart/form-data; boundary=\"XyZ\""]
        )
        #expect(try response.json(ErrorBody.self).field == "samples")
    }

    @Test func `a boundary is found quoted or not, and must be sane`() {
        #expect(MultipartForm.boundary(of: "multipart/form-data; boundary=abc") == "abc")
        #expect(MultipartForm.boundary(of: #"multipart/form-data; charset=utf-8; Boundary="a;b c""#) == "a;b c")
        #expect(MultipartForm.boundary(of: "multipart/form-data") == nil)
        #expect(MultipartForm.boundary(of: "multipart/form-data; boundary=") == nil)
        #expect(MultipartForm.boundary(of: "multipart/form-data; boundary=\(String(repeating: "a", count: 71))") == nil)
    }

    @Test func `content that looks like a delimiter but is none stays content`() throws {
        let content = Array("\r\n--Xy\r\n--\r\n\r\n".utf8)
        let parsed = try MultipartForm(form([("Content-Disposition: form-data; name=a", content)]), boundary: "XyZ")
        #expect(parsed.parts.map(\.name) == ["a"])
        #expect(parsed.parts.map { Array($0.content) } == [content])
    }

    @Test(arguments: [
        ("", MultipartForm.ParsingError.noBoundary), ("--Xy", .noBoundary), ("--XyZ", .unfinished),
        ("--XyZ\r\n", .unfinished), ("--XyZ\r\nContent-Disposition: form-data; name=a\r\n\r\nvalue", .unfinished),
        ("--XyZ\r\n\r\nvalue\r\n--XyZ--", .unnamedPart), ("--XyZ\r\nvalue\r\n--XyZ--", .headersTooLong),
        ("--XyZ\r\nContent-Disposition: form-data\r\n\r\nvalue\r\n--XyZ--", .unnamedPart),
        (
            String(repeating: "--XyZ\r\nContent-Disposition: a; name=a\r\n\r\n\r\n", count: 65) + "--XyZ--",
            .tooManyParts
        ),
        ("--XyZ\r\nA: " + String(repeating: "a", count: 5_000) + "\r\n\r\n\r\n--XyZ--", .headersTooLong),
    ])
    func `a damaged form is refused`(body: String, error: MultipartForm.ParsingError) {
        #expect(throws: error) { try MultipartForm(Array(body.utf8), boundary: "XyZ") }
    }

    @Test func `a form cut anywhere is refused and never crashes`() throws {
        let whole = form([field("prompt", "cat"), field("samples", "1")])
        for count in 0..<(whole.count - 4) {
            #expect(throws: MultipartForm.ParsingError.self) {
                try MultipartForm(Array(whole.prefix(count)), boundary: "XyZ")
            }
        }
    }
}
