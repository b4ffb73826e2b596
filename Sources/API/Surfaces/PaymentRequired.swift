// SPDX-License-Identifier: Apache-2.0

import Hummingbird

extension HTTPResponse.Status {
    /// 402, which most services answer when credits are missing.
    static let paymentRequired = Self(code: 402, reasonPhrase: "Payment Required")
}
