// SPDX-License-Identifier: Apache-2.0

/// How a product of `pixels` by `panels` is cut into pieces for threads: a grid of pixel blocks and groups of panels.
///
/// Sums lie within a piece, so the cut changes no bit.
struct ProductSplit {
    /// Enough for the weights, which each block reads anew, to cost little; few enough for its pixels to stay in cache.
    private static let pixelsPerBlock = 240
    /// Up to here all pixels are one block, and each weight is read once.
    private static let smallPicture = 576
    /// Pieces for each thread: one that is held up then leaves its share to the others.
    private static let piecesPerThread = 8

    private let total: (pixels: Int, panels: Int)
    private let blocks: Int
    private let groups: Int

    init(pixels: Int, panels: Int, threads: Int) {
        total = (pixels, panels)
        blocks = pixels <= Self.smallPicture ? min(pixels, 1) : (pixels - 1) / Self.pixelsPerBlock + 1
        let wanted = threads == 1 ? 1 : threads * Self.piecesPerThread
        groups = blocks == 0 ? 0 : min(panels, (wanted - 1) / blocks + 1)
    }

    /// Whether several pieces look at the same pixels.
    var isInputShared: Bool { groups > 1 }

    /// The number of pieces.
    var count: Int { blocks * groups }

    func pixels(_ index: Int) -> Range<Int> {
        // Whole tiles of six rows, except in the last block.
        let tiles = (total.pixels + 5) / 6
        let block = index / groups
        return min(total.pixels, block * tiles / blocks * 6)..<min(total.pixels, (block + 1) * tiles / blocks * 6)
    }

    func panels(_ index: Int) -> Range<Int> {
        let group = index % groups
        return group * total.panels / groups..<(group + 1) * total.panels / groups
    }
}
