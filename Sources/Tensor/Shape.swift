// SPDX-License-Identifier: Apache-2.0

/// The extents of a tensor, outermost first.
///
/// Pictures are `[rows, height, width, channels]`, sequences `[rows, tokens, channels]`, embeddings `[rows, channels]`:
/// channels are always last, so a picture's pixels are a sequence's tokens without a transpose.
package struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
    package let extents: [Int]

    package init(_ extents: [Int]) {
        precondition(extents.allSatisfy { $0 >= 0 }, "negative extent in \(extents)")
        self.extents = extents
    }

    package init(arrayLiteral extents: Int...) {
        self.init(extents)
    }

    package subscript(axis: Int) -> Int { extents[axis] }

    /// The number of axes.
    package var rank: Int { extents.count }

    /// The number of elements.
    package var count: Int { extents.reduce(1, *) }

    /// The extent of the last axis.
    package var channels: Int { extents.last ?? 1 }

    /// The number of channel vectors: every axis but the last.
    package var pixels: Int { extents.dropLast().reduce(1, *) }

    /// The same axes with another number of channels.
    package func with(channels: Int) -> Shape {
        Shape(extents.dropLast() + [channels])
    }

    package var description: String { "\(extents)" }
}
