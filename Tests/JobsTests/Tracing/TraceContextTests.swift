// SPDX-License-Identifier: Apache-2.0

import Jobs
import Testing

/// The rules of W3C Trace Context.
@Suite struct TraceContextTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let span = "00f067aa0ba902b7"
    private static let parent = "00-\(trace)-\(span)-01"

    @Test(arguments: [
        (parent, true), ("00-\(trace)-\(span)-00", false),
        // Flags and parts that this version does not know.
        ("00-\(trace)-\(span)-ff", true), ("cc-\(trace)-\(span)-01", true), ("cc-\(trace)-\(span)-01-more", true),
    ])
    func `a context is read, and told on in version 00`(text: String, isSampled: Bool) throws {
        let context = try #require(TraceContext(traceparent: text))
        #expect((context.traceID, context.parentID, context.isSampled) == (Self.trace, Self.span, isSampled))
        #expect(context.traceparent == "00-\(Self.trace)-\(Self.span)-\(isSampled ? "01" : "00")")
    }

    @Test(arguments: [
        "", "-", "00", "00-\(trace)-\(span)", "ff-\(trace)-\(span)-01", "00-\(trace)-\(span)-01-more",
        "00-\(trace)-\(span)-1", "00-\(trace)-\(span)-+1", "0-\(trace)-\(span)-01", "00-\(trace)0-\(span)-01",
        "00-\(trace.uppercased())-\(span)-01", "00-\(trace)-\(span)-01 ", "00-\(trace.dropLast())g-\(span)-01",
        "00-00000000000000000000000000000000-\(span)-01", "00-\(trace)-0000000000000000-01",
        "cc-\(trace)-\(span)-01.more",
    ])
    func `what is no context is ignored`(text: String) {
        #expect(TraceContext(traceparent: text) == nil)
    }

    @Test(arguments: [
        (["a=1"], "a=1"), (["a=1,b=2", "c=3"], "a=1,b=2,c=3"), ([" a=1 ,\tb=2,, "], "a=1,b=2"),
        (["t1@s=x y"], "t1@s=x y"),
        (["0a_-*/=~!"], "0a_-*/=~!"),
    ])
    func `a state is handed on as it came`(fields: [String], text: String) {
        #expect(TraceContext(traceparent: Self.parent, tracestate: fields)?.state?.text == text)
    }

    @Test(arguments: [
        [], [""], [","], ["a"], ["a="], ["=1"], ["A=1"], ["_a=1"], ["a=1,a=2"], ["a=1", "a=1"], ["a@b@c=1"], ["@s=1"],
        ["t@=1"],
        ["a=b=c"], ["a=\u{e9}"], ["a=\u{7}"], [String(repeating: "k", count: 257) + "=1"],
        ["t@" + String(repeating: "k", count: 15) + "=1"], ["a=" + String(repeating: "v", count: 257)],
        [(0...32).map { "k\($0)=1" }.joined(separator: ",")],
    ])
    func `a state that cannot be read is dropped, and the context kept`(fields: [String]) throws {
        let context = try #require(TraceContext(traceparent: Self.parent, tracestate: fields))
        #expect(context.state == nil)
    }

    @Test func `of too long a state long entries go first, then the last`() {
        let long = "long=" + String(repeating: "v", count: 200)
        let entry = { (key: String) in "\(key)=" + String(repeating: "v", count: 98) }
        let fields = ["a", "b", "c", "d", "e", "f"].map(entry)
        let state = TraceContext(traceparent: Self.parent, tracestate: [long] + fields)?.state
        #expect(state?.text == fields.prefix(5).joined(separator: ","))
        #expect((state?.text.utf8.count ?? 0) <= 512)
    }
}
