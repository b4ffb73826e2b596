// SPDX-License-Identifier: Apache-2.0

/// Why something was not fetched or sent.
enum OutboundError: Error, Equatable {
    case malformed
    case notEncrypted
    case notPublic
    case unknownHost
    case tooManyRedirects
    case tooLarge(maxBytes: Int)
    case timedOut
    case unreachable
    case status(Int)
}

extension OutboundError: CustomStringConvertible {
    /// What is wrong, in a few words for the person who gave the address.
    var description: String {
        switch self {
        case .malformed: "the address is not a plain web address"
        case .notEncrypted: "the address must start with https://"
        case .notPublic: "the address does not lead to a public server"
        case .unknownHost: "the host is not known"
        case .tooManyRedirects: "the server redirects too often"
        case .tooLarge(let maxBytes): "the server sends more than \(maxBytes) bytes"
        case .timedOut: "the server takes too long"
        case .unreachable: "the server cannot be reached"
        case .status(let status): "the server answers \(status)"
        }
    }
}
