// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// How a caller who asks for pictures would like to be answered.
struct Preferences {
    /// At once, before the pictures are made (`Prefer: respond-async`).
    let answersLater: Bool
    /// Whether the pictures are made even if the caller goes away (`x-keep-on-disconnect: true`).
    let keepsOnDisconnect: Bool

    init(_ headers: HTTPFields) {
        let wishes = headers[values: .prefer].flatMap { $0.split(separator: ",") }
        answersLater = wishes.contains { wish in
            wish.prefix { $0 != ";" }.filter { !$0.isWhitespace }.lowercased() == "respond-async"
        }
        keepsOnDisconnect = ["true", "1"].contains(headers[.keepOnDisconnect]?.lowercased())
    }
}
