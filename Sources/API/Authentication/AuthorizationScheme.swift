// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import Jobs

/// How a key is presented in the header `Authorization`.
enum AuthorizationScheme: String {
    /// As a bearer token (RFC 6750).
    case bearer
    /// The same by another name, as old clients of Replicate send it.
    case token
    /// As the password of any user (RFC 7617).
    case basic

    /// What a caller without a key is told to use.
    var challenge: String {
        switch self {
        case .bearer: "Bearer"
        case .token: "Token"
        case .basic: #"Basic realm="darkroom", charset="UTF-8""#
        }
    }

    fileprivate func key(in credentials: Substring) -> String? {
        switch self {
        case .bearer, .token: String(credentials.drop { $0 == " " })
        case .basic:
            Data(base64Encoded: String(credentials)).flatMap { data in
                String(decoding: data, as: UTF8.self).split(separator: ":", maxSplits: 1).last.map(String.init)
            }
        }
    }
}

extension KeySecret {
    /// The key a request presents, in `x-api-key` or by one of `schemes`; `nil` without one.
    init?(presentedIn headers: HTTPFields, by schemes: [AuthorizationScheme]) {
        if let text = headers[.apiKey], !text.isEmpty {
            self.init(presented: text)
            return
        }
        let parts = headers[.authorization]?.split(separator: " ", maxSplits: 1) ?? []
        guard parts.count == 2, let scheme = AuthorizationScheme(rawValue: parts[0].lowercased()),
            schemes.contains(scheme), let text = scheme.key(in: parts[1])
        else { return nil }
        self.init(presented: text)
    }
}
