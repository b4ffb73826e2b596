// SPDX-License-Identifier: Apache-2.0

/// Where the server may connect to when callers say so.
package struct OutboundPolicy: Equatable, Sendable {
    /// Whether addresses may be `http`, unencrypted.
    package var allowsHTTP = false
    /// Whether they may lead to this machine and private networks.
    package var allowsPrivateAddresses = false

    /// To public addresses, by `https`.
    package init() {}
}
