// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs
import Logging

/// Gives every request an id, and its trace if the caller sent one, and every answer the headers all answers have.
struct RequestIDMiddleware: RouterMiddleware {
    typealias Context = APIRequestContext

    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        var context = context
        if let given = request.headers[.requestID], Self.isAcceptable(given) {
            context.requestID = given
        }
        context.trace = TraceContext(request.headers)
        // The library's own name for the id would make it two in one log.
        context.logger[metadataKey: "hb.request.id"] = nil
        context.logger[metadataKey: "request_id"] = "\(context.requestID)"
        if let trace = context.trace { context.logger[metadataKey: "trace_id"] = "\(trace.traceID)" }
        var response = try await next(request, context)
        response.headers[.requestID] = context.requestID
        response.headers[.contentTypeOptions] = "nosniff"
        response.headers[.referrerPolicy] = "no-referrer"
        return response
    }

    /// Whether a caller's id can be repeated in headers and logs as it is.
    static func isAcceptable(_ id: String) -> Bool {
        (1...128).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}

extension TraceContext {
    /// The context among `headers`; `nil` without one, or with one that the standard says to ignore.
    init?(_ headers: HTTPFields) {
        let parents = headers[values: .traceparent]
        guard let parent = parents.first, parents.count == 1 else { return nil }
        self.init(traceparent: parent, tracestate: headers[values: .tracestate])
    }
}
