// SPDX-License-Identifier: Apache-2.0

import ImageCodec

/// What an `Accept` header asks for, of the two things a generation request can be answered with.
struct AcceptHeader {
    /// The answer a caller likes best.
    enum Choice: Equatable {
        /// A picture's bytes, of this format when one is named.
        case image(ImageFormat?)
        /// JSON, or whatever there is.
        case json
    }

    /// The answer liked best, of those that can be served; JSON without any, and without a header.
    let preferred: Choice
    /// The weight of each media range, by its name in lower case.
    private let weights: [String: Double]

    /// Reads a header by its weights; among equals the first counts (RFC 9110 section 12.5.1).
    init(_ header: String?) {
        var best: (choice: Choice, weight: Double)?
        var weights: [String: Double] = [:]
        for range in (header ?? "").split(separator: ",") {
            let type = range.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
            let weight = HeaderParameters.value(of: "q", in: range).flatMap(Double.init) ?? 1
            weights[type] = weight
            guard let choice = Choice(mediaRange: type), weight > best?.weight ?? 0 else { continue }
            best = (choice, weight)
        }
        preferred = best?.choice ?? .json
        self.weights = weights
    }

    /// Whether pictures of this format may be sent: what the most specific range that matches says.
    func accepts(_ format: ImageFormat) -> Bool {
        let ranges = [format.mediaType] + (format == .jpeg ? ["image/jpg"] : []) + ["image/*", "*/*"]
        return ranges.lazy.compactMap { weights[$0] }.first ?? 0 > 0
    }
}

extension AcceptHeader.Choice {
    fileprivate init?(mediaRange: String) {
        switch mediaRange {
        case "application/json", "application/*", "*/*": self = .json
        case "image/*": self = .image(nil)
        case "image/jpg": self = .image(.jpeg)
        default:
            guard let format = ImageFormat.allCases.first(where: { $0.mediaType == mediaRange }) else { return nil }
            self = .image(format)
        }
    }
}
