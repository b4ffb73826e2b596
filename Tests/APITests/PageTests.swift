// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import HummingbirdTesting
import Testing

@testable import API

/// The pages for people, as they are served.
///
/// What they do is tested in a browser.
struct PageTests {
    @Test(arguments: [
        ("/", "text/html; charset=utf-8"), ("/admin", "text/html; charset=utf-8"),
        ("/page/shared/base.css", "text/css; charset=utf-8"),
        ("/page/playground/playground.js", "text/javascript; charset=utf-8"),
        ("/page/shared/icon.svg", "image/svg+xml"),
    ])
    func `a page's file is served under a strict policy`(path: String, type: String) async throws {
        let response = try await TestAPI().send(.get, path)
        #expect(response.status == .ok)
        #expect(response.header("content-type") == type)
        #expect(response.header("x-content-type-options") == "nosniff")
        let policy = try #require(response.header("content-security-policy"))
        #expect(policy.hasPrefix("default-src 'none';"))
        #expect(!policy.contains("unsafe"))
        #expect(!policy.contains("data:"))
        #expect(response.bytes.count > 200)
    }

    @Test(arguments: ["/admin", "/docs"])
    func `a page with a slash behind its address is elsewhere`(path: String) async throws {
        let response = try await TestAPI().send(.get, path + "/")
        #expect(response.status == .permanentRedirect)
        #expect(response.header("location") == "..\(path)")
    }

    @Test(arguments: ["/", "/admin"])
    func `a page has nothing inline and nothing from elsewhere`(path: String) async throws {
        let html = try await TestAPI().send(.get, path).text
        #expect(!html.contains("<style"))
        #expect(!html.contains(" style="))
        #expect(html.matches(of: /<script[^>]*>\s*[^<\s]/).isEmpty)
        #expect(html.matches(of: /\son[a-z]+=/).isEmpty)
        #expect(html.matches(of: /(src|href)="[a-z]*:?\/\//).isEmpty)
    }

    @Test(arguments: ["/", "/admin"])
    func `everything that a page refers to is served`(path: String) async throws {
        let api = TestAPI()
        var seen: Set<String> = []
        var waiting = [path]
        while let path = waiting.popLast() {
            guard seen.insert(path).inserted else { continue }
            let response = try await api.send(.get, path)
            #expect(response.status == .ok, "\(path)")
            let text = response.text
            let references =
                path.hasSuffix(".js")
                ? text.matches(of: /from "(\.{1,2}\/.+?)"/).map(\.1)
                : text.matches(of: /(?:src|href)="(page\/.+?)"/).map(\.1)
            for reference in references {
                let base = try #require(URL(string: "http://localhost\(path)"))
                waiting.append(try #require(URL(string: String(reference), relativeTo: base)).path)
            }
        }
        #expect(seen.count > 10)
    }

    @Test func `every file is part of a page, and none is served twice`() {
        let paths = PageFile.all.map(\.path)
        #expect(Set(paths).count == paths.count)
    }

    @Test func `a file is not sent again to a browser that has it`() async throws {
        let api = TestAPI()
        let first = try await api.send(.get, "/page/shared/base.css")
        let tag = try #require(first.header("etag"))
        let again = try await api.send(.get, "/page/shared/base.css", headers: [.ifNoneMatch: "\"other\", W/\(tag)"])
        #expect(again.status == .notModified)
        #expect(again.bytes.isEmpty)
        #expect(again.header("etag") == tag)
        let other = try await api.send(.get, "/", headers: [.ifNoneMatch: tag])
        #expect(other.status == .ok)
    }

    /// HTML that is made of strings is how scripts of others get into a page.
    @Test func `no script makes HTML from text`() {
        for file in PageFile.all where file.path.hasSuffix(".js") {
            let script = String(decoding: file.bytes, as: UTF8.self)
            for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"] {
                #expect(!script.contains(word), "\(file.path)")
            }
        }
    }
}
