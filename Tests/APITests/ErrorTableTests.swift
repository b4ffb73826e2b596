// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Testing

@testable import API

struct ErrorTableTests {
    /// The documented table, written a second time.
    private static let documented: [ErrorCode: Int] = [
        .invalidJSON: 400, .invalidParameter: 400, .invalidImage: 400, .unsupportedContentType: 400, .bodyTooLarge: 413,
        .crossSiteRequest: 403,
        .unknownEndpoint: 404, .unknownModel: 404, .unknownRequest: 404, .methodNotAllowed: 405, .queueFull: 429,
        .internal: 500, .invalidOutput: 500,
    ]

    @Test(arguments: ErrorCode.allCases)
    func `every code has its documented status`(code: ErrorCode) {
        #expect(code.status.code == Self.documented[code])
    }
}
