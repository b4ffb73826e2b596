// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdTesting
import Jobs
import Testing

@testable import API

struct ImageTests {
    /// The address of a picture that was just made.
    private func path(_ api: TestAPI) async throws -> String {
        let url = try await api.post(#"{"output_format": "png"}"#).json(PictureBody.self).image
        return String(try #require(url.wholeMatch(of: /http:\/\/localhost(.*)/)?.1))
    }

    @Test func `a picture has one address, a tag and a long life`() async throws {
        let api = TestAPI()
        let path = try await path(api)
        let response = try await api.send(.get, path)
        #expect(response.header("content-type") == "image/png")
        #expect(response.header("cache-control") == "private, max-age=604800, immutable")
        #expect(response.header("accept-ranges") == "bytes")
        #expect(response.header("x-content-type-options") == "nosniff")
        #expect(try #require(response.header("etag")).wholeMatch(of: /"[0-9a-f]{32}"/) != nil)
        #expect(try await api.send(.get, path.replacing(".png", with: ".jpeg")).status == .notFound)
        #expect(try await api.send(.get, path.replacing(".png", with: "")).status == .notFound)
    }

    @Test func `HEAD is GET without the picture`() async throws {
        let api = TestAPI()
        let path = try await path(api)
        let whole = try await api.send(.get, path)
        let head = try await api.send(.head, path, headers: [.range: "bytes=0-1"])
        #expect(head.status == .ok)
        #expect(head.bytes.isEmpty)
        #expect(head.header("content-length") == "\(whole.bytes.count)")
        #expect(head.header("etag") == whole.header("etag"))
    }

    @Test func `a picture that the caller has is not sent again`() async throws {
        let api = TestAPI()
        let path = try await path(api)
        let tag = try #require(try await api.send(.get, path).header("etag"))
        for header in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
            let response = try await api.send(.get, path, headers: [.ifNoneMatch: header])
            #expect(response.status == .notModified)
            #expect(response.bytes.isEmpty)
            #expect(response.header("etag") == tag)
        }
        #expect(try await api.send(.get, path, headers: [.ifNoneMatch: "\"x\""]).status == .ok)
    }

    @Test func `a part of a picture is served`() async throws {
        let api = TestAPI()
        let path = try await path(api)
        let whole = try await api.send(.get, path)
        let bytes = whole.bytes
        let size = bytes.count
        for (header, part) in [("bytes=0-3", 0..<4), ("bytes=5-", 5..<size), ("bytes=-6", size - 6..<size)] {
            let response = try await api.send(.get, path, headers: [.range: header])
            #expect(response.status == .partialContent)
            #expect(response.bytes == Array(bytes[part]))
            #expect(response.header("content-range") == "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(size)")
            #expect(response.header("content-length") == "\(part.count)")
        }
        let behind = try await api.send(.get, path, headers: [.range: "bytes=\(size)-"])
        #expect(behind.status == .rangeNotSatisfiable)
        #expect(behind.header("content-range") == "bytes */\(size)")
        #expect(try behind.json(ErrorBody.self).code == "range_not_satisfiable")
        let tag = try #require(whole.header("etag"))
        for (condition, status) in [(tag, HTTPResponse.Status.partialContent), ("\"x\"", .ok)] {
            let response = try await api.send(.get, path, headers: [.range: "bytes=0-3", .ifRange: condition])
            #expect(response.status == status)
        }
    }

    @Test(
        arguments: [
            (nil, .whole), ("bytes=0-0", .part(0..<1)), ("bytes=2-5", .part(2..<6)), ("bytes=2-", .part(2..<10)),
            ("BYTES=9-99", .part(9..<10)), ("bytes=-3", .part(7..<10)), ("bytes=-99", .part(0..<10)),
            ("bytes=10-", .unsatisfiable), ("bytes=-0", .unsatisfiable),
            ("bytes=99999999999999999999-", .unsatisfiable),
            ("bytes=0-99999999999999999999", .part(0..<10)), ("bytes=0-\(Int.max)", .part(0..<10)),
            ("bytes=5-2", .whole), ("bytes=-", .whole), ("bytes=a-b", .whole), ("bytes=0-1,3-4", .whole),
            ("bytes=1", .whole), ("items=0-1", .whole), ("bytes", .whole), ("bytes=--1", .whole),
            ("bytes=+1-2", .whole),
        ] as [(String?, ByteRange)]
    )
    func `ranges are read strictly`(header: String?, range: ByteRange) {
        #expect(ByteRange(header, size: 10) == range)
    }

    @Test func `no file has no part`() {
        #expect(ByteRange("bytes=0-", size: 0) == .unsatisfiable)
        #expect(ByteRange("bytes=-1", size: 0) == .unsatisfiable)
    }
}
