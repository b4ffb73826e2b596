// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing

@testable import API

struct OutboundTests {
    @Test(arguments: [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.0.1",
        "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.1",
        "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1",
        "255.255.255.255",
        "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:8.8.8.8", "64:ff9b::7f00:1",
        "64:ff9b::8.8.8.8", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:10::1", "2001:db8::1",
        "2002:7f00:1::", "2002:808:808::", "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "febf::1",
        "fec0::1", "ff02::1", "ff0e::1", "4000::1", "8000::1",
    ])
    func `no address of a special purpose is public`(text: String) throws {
        #expect(try #require(IPAddress(text)).isPublic == false)
    }

    @Test(arguments: [
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.1", "126.255.255.255",
        "128.0.0.1",
        "169.253.1.1", "172.15.0.1", "172.32.0.1", "192.0.1.1", "192.167.1.1", "192.169.1.1", "198.17.1.1",
        "198.20.1.1",
        "223.255.255.255", "2001:200::1", "2001:4860:4860::8888", "2003::1", "2606:4700::1111", "3ffe::1",
    ])
    func `the addresses of servers are public`(text: String) throws {
        #expect(try #require(IPAddress(text)).isPublic)
    }

    @Test(arguments: [
        ("https://127.0.0.1/", OutboundError.notPublic), ("https://[::1]/", .notPublic),
        ("https://10.1.2.3:8443/x", .notPublic),
        ("https://[::ffff:7f00:1]/", .notPublic), ("https://169.254.169.254/latest/meta-data", .notPublic),
        ("http://example.org/", .notEncrypted), ("ftp://example.org/", .malformed), ("file:///etc/passwd", .malformed),
        ("https:///x", .malformed), ("https://", .malformed), ("example.org", .malformed), ("", .malformed),
        ("https://user@example.org/", .malformed), ("https://user:password@example.org/", .malformed),
        ("https://example.org:0/", .malformed), ("https://example.org:65536/", .malformed),
        ("https://ex%61mple.org/", .malformed), ("https://[fe80::1%25eth0]/", .malformed),
        ("https://exämple.org/", .malformed),
        ("https://example.org/a b", .malformed), ("https://example.org/\n", .malformed), ("https://a..b/", .malformed),
        ("https://example.org\\@127.0.0.1/", .malformed), ("unix:///var/run/docker.sock", .malformed),
        ("https://example.org/" + String(repeating: "a", count: 2_048), .malformed),
    ])
    func `an address that may not be called is refused as it is read`(text: String, error: OutboundError) {
        #expect(throws: error) { try OutboundURL(text, policy: OutboundPolicy()) }
    }

    @Test func `an address is read one way only`() throws {
        let url = try OutboundURL("HTTPS://Example.ORG:8443/a%20b?c=d#e", policy: OutboundPolicy())
        #expect((url.scheme, url.host) == ("https", "example.org"))
        #expect(url.description == "https://example.org:8443/a%20b?c=d")
        #expect(try OutboundURL("https://[2606:4700::1111]", policy: OutboundPolicy()).host == "2606:4700::1111")
        // Names in disguise of addresses are names: the resolver says what they mean.
        #expect(try OutboundURL("https://2130706433/", policy: OutboundPolicy()).host == "2130706433")
    }

    @Test func `an operator may allow more`() throws {
        var policy = OutboundPolicy()
        policy.allowsHTTP = true
        policy.allowsPrivateAddresses = true
        #expect(try OutboundURL("http://127.0.0.1:80/", policy: policy).host == "127.0.0.1")
    }

    private func send(
        _ text: String,
        _ policy: OutboundPolicy = OutboundPolicy(),
        resolvingTo addresses: [String?],
        maxBytes: Int = 100,
        maxRedirects: Int = 0
    ) async throws -> OutboundResponse {
        let resolver = SequenceResolver(addresses)
        let client = OutboundClient(policy: policy, resolver: HostResolver { _ in resolver.next() })
        return try await client.send(
            OutboundRequest(url: try OutboundURL(text, policy: policy), headers: []),
            maxBytes: maxBytes,
            timeout: .seconds(60),
            maxRedirects: maxRedirects
        )
    }

    @Test(arguments: ["127.0.0.1", "10.0.0.1", "::1", "fd00::1", "169.254.169.254", "::ffff:10.0.0.1"])
    func `a name that leads to a private address is not called`(address: String) async throws {
        await #expect(throws: OutboundError.notPublic) {
            try await send("https://rebinding.example/", resolvingTo: [address])
        }
    }

    @Test func `a name in disguise of an address is looked up by the system and not called`() async throws {
        for host in ["2130706433", "127.1", "0x7f.0.0.1", "017700000001", "localhost"] {
            let client = OutboundClient(policy: OutboundPolicy())
            let url = try OutboundURL("https://\(host)/", policy: OutboundPolicy())
            await #expect(throws: OutboundError.self) {
                try await client.send(OutboundRequest(url: url, headers: []), maxBytes: 1, timeout: .seconds(60))
            }
        }
    }

    @Test func `a name that is not known is an error`() async throws {
        await #expect(throws: OutboundError.unknownHost) {
            try await send("https://nowhere.example/", resolvingTo: [nil])
        }
    }

    @Test func `a lookup that goes on is not waited for beyond the time there is`() async throws {
        let isOver = Atomic(false)
        let resolver = HostResolver { _ in
            // Hears nothing of being cancelled, as the system's does.
            await Task.detached { try? await Task.sleep(for: .seconds(30)) }.value
            isOver.store(true, ordering: .relaxed)
            return nil
        }
        let client = OutboundClient(policy: OutboundPolicy(), resolver: resolver)
        let url = try OutboundURL("https://example.org/", policy: OutboundPolicy())
        await #expect(throws: OutboundError.timedOut) {
            try await client.send(OutboundRequest(url: url, headers: []), maxBytes: 1, timeout: .milliseconds(50))
        }
        let wasOver = isOver.load(ordering: .relaxed)
        #expect(!wasOver)
    }

    /// Where this machine's test servers may be called.
    private static let local: OutboundPolicy = {
        var policy = OutboundPolicy()
        policy.allowsHTTP = true
        policy.allowsPrivateAddresses = true
        return policy
    }()

    @Test func `the connection goes to the address that was checked, under the name that was asked for`() async throws {
        try await withTestServer { server async throws in
            server.answer("/there", status: 200, body: Array("hello".utf8))
            // A second look-up would lead elsewhere.
            let response = try await send(
                "http://pinned.example:\(server.port)/there",
                Self.local,
                resolvingTo: ["127.0.0.1", "192.0.2.1"]
            )
            #expect(response.body == Array("hello".utf8))
            #expect(server.requests.first?.host == "pinned.example:\(server.port)")
        }
    }

    @Test func `what is too large or not there is an error`() async throws {
        try await withTestServer { server async throws in
            server.answer("/large", status: 200, body: [UInt8](repeating: 0, count: 101))
            await #expect(throws: OutboundError.tooLarge(maxBytes: 100)) {
                try await send("http://127.0.0.1:\(server.port)/large", Self.local, resolvingTo: [])
            }
            #expect(try await send("http://127.0.0.1:\(server.port)/", Self.local, resolvingTo: []).status == 404)
        }
        await #expect(throws: OutboundError.unreachable) {
            try await send("http://127.0.0.1:1/", Self.local, resolvingTo: [])
        }
    }

    @Test func `redirects are followed under the same rules, and not too often`() async throws {
        try await withTestServer { server async throws in
            let base = "http://127.0.0.1:\(server.port)"
            server.answer("/once", status: 302, location: "/there")
            server.answer("/there", status: 200, body: [1])
            server.answer("/forever", status: 307, location: "/forever")
            server.answer("/away", status: 302, location: "ftp://127.0.0.1/")
            server.answer("/inside", status: 302, location: "http://inside.example:\(server.port)/there")
            #expect(try await send("\(base)/once", Self.local, resolvingTo: [], maxRedirects: 1).body == [1])
            #expect(try await send("\(base)/once", Self.local, resolvingTo: []).status == 302)
            await #expect(throws: OutboundError.tooManyRedirects) {
                try await send("\(base)/forever", Self.local, resolvingTo: [], maxRedirects: 3)
            }
            await #expect(throws: OutboundError.malformed) {
                try await send("\(base)/away", Self.local, resolvingTo: [], maxRedirects: 3)
            }
            #expect(
                try await send("\(base)/inside", Self.local, resolvingTo: ["127.0.0.1"], maxRedirects: 3).body == [1]
            )
        }
    }

    @Test func `a redirect to a private address is refused`() throws {
        let url = try OutboundURL("https://example.org/a/b", policy: OutboundPolicy())
        for target in ["https://127.0.0.1/", "//10.0.0.1/x", "https://[::1]/"] {
            #expect(throws: OutboundError.notPublic) { try url.redirected(to: target, policy: OutboundPolicy()) }
        }
        #expect(throws: OutboundError.notEncrypted) {
            try url.redirected(to: "http://example.org/", policy: OutboundPolicy())
        }
        #expect(try url.redirected(to: "../c", policy: OutboundPolicy()).description == "https://example.org/c")
    }
}
