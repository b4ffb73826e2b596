// SPDX-License-Identifier: Apache-2.0

/// Something outside of Darkroom that did not work: a file, an address.
struct Failure: Error, CustomStringConvertible {
    var subject: String
    var reason: String

    var description: String { "\(subject): \(reason)" }
}
