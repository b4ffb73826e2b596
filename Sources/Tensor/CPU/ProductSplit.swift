// SPDX-License-Identifier: Apache-2.0

import CKernels

/// How a product of `pixels` by `panels` is cut into pieces for threads: a grid of pixel blocks and groups of panels.
///
/// Sums lie within a piece, so the cut changes no bit.
struct ProductSplit {
    /// Enough for the weights, which each block reads anew, to cost little; few enough for its pixels to stay in cache.
    private static let mostPixels = 240
    private static let fewestPixels = 60
    /// Up to here all pixels are one block, and each weight is read once.
    private static let smallPicture = 576
    /// Pieces for each thread: one that is held up then leaves its share to the others.
    private static let piecesPerThread = 8

    private let panels: Int
    private let blocks: [Range<Int>]
    private let groups: Int

    init(pixels: Int, panels: Int, threads: Int) {
        self.panels = panels
        let isSmall = pixels <= Self.smallPicture
        blocks = guidedRanges(
            pixels,
            most: isSmall ? pixels : Self.mostPixels,
            fewest: isSmall ? pixels : Self.fewestPixels,
            group: Int(CK_TILE_ROWS),
            threads: threads
        )
        let wanted = threads == 1 ? 1 : threads * Self.piecesPerThread
        groups = blocks.isEmpty ? 0 : min(panels, (wanted - 1) / blocks.count + 1)
    }

    /// Whether several pieces look at the same pixels.
    var isInputShared: Bool { groups > 1 }

    /// The number of pieces.
    var count: Int { blocks.count * groups }

    func pixels(_ index: Int) -> Range<Int> {
        blocks[index / groups]
    }

    func panels(_ index: Int) -> Range<Int> {
        let group = index % groups
        return group * panels / groups..<(group + 1) * panels / groups
    }
}
