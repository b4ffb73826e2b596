// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Testing

@testable import API

struct ErrorTableTests {
    /// The documented table, written a second time.
    private static let documented: [ErrorCode: Int] = [
        .invalidJSON: 400, .invalidParameter: 400, .invalidImage: 400, .unsupportedContentType: 400,
        .missingAPIKey: 401, .invalidAPIKey: 401,
        .keyDisabled: 403, .insufficientScope: 403, .crossSiteRequest: 403,
        .unknownEndpoint: 404, .unknownModel: 404, .unknownRequest: 404, .unknownKey: 404,
        .unknownAccount: 404, .methodNotAllowed: 405,
        .insufficientCredits: 406, .spendLimitReached: 406,
        .idempotencyInProgress: 409, .requestCancelled: 409, .expiredRequest: 410, .bodyTooLarge: 413,
        .rangeNotSatisfiable: 416, .idempotencyMismatch: 422,
        .rateLimited: 429, .queueFull: 429, .tooManyWaits: 429,
        .internal: 500, .invalidOutput: 500, .workerFailed: 502, .stopping: 503, .timeout: 504,
    ]

    @Test(arguments: ErrorCode.allCases)
    func `every code has its documented status`(code: ErrorCode) {
        #expect(code.status.code == Self.documented[code])
    }
}
