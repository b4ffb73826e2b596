// SPDX-License-Identifier: Apache-2.0

import CKernels

extension CPUDevice {
    /// How a convolution is computed: a property of the layer and of one picture's extents, so that neither the batch nor
    /// the number of threads can change a bit.
    enum ConvolutionAlgorithm: Equatable {
        /// Every product of the definition.
        case direct
        /// Winograd's minimal filtering.
        case winograd(ck_winograd_form)
    }

    /// The algorithm for a convolution of `panels` over a picture of `height` by `width` results.
    ///
    /// Winograd's transforms cost as much as a few dozen products for each input and output channel, and tiles that hang over
    /// the edge cost as much as whole ones. Transformed values that are rounded to bfloat16 lose more accuracy in larger
    /// tiles; float32 ones lose nothing that shows. Tiles of upsampled pictures need as few products as the largest.
    func algorithm(kernel: Int, geometry: ConvolutionGeometry, panels: ck_panels, height: Int, width: Int)
        -> ConvolutionAlgorithm
    {
        guard kernel == 3, geometry.stride == 1, min(panels.inputs, panels.outputs) >= 32, min(height, width) >= 4
        else { return .direct }
        if geometry.upsamples { return geometry.leading == 1 ? .winograd(CK_F2_UPSAMPLED) : .direct }
        return .winograd(multipliesBFloat16(panels) && !isFast ? CK_F2 : CK_F4)
    }

    /// Whether products of these panels are computed of bfloat16.
    private func multipliesBFloat16(_ panels: ck_panels) -> Bool {
        unsafe panels.type == CK_BF16 && kernels.pointee.tile_bf16 != nil
    }

    /// Convolves by Winograd's algorithm.
    ///
    /// - Parameter rows: pictures.
    func winograd(_ operation: ck_convolution, form: ck_winograd_form, rows: Int) {
        let zeros = unsafe pool.take(operation.panels.inputs * DType.float32.size)
        unsafe zeros.pointer.initializeMemory(as: UInt8.self, repeating: 0, count: zeros.byteCount)
        withExtendedLifetime(zeros) {
            let winograd = unsafe WinogradConvolution(
                operation: operation,
                form: form,
                rows: rows,
                threads: threads,
                zeros: zeros.pointer,
                kernels: kernels
            )
            let weights = transformedWeights(winograd)
            if winograd.isPlenty {
                // Each block is one piece, whose transformed input stays in the cache for all panels.
                parallel(winograd.blocks.count) { index in
                    let block = winograd.blocks[index]
                    unsafe pool.withScratch(winograd.transformedSize(block.count)) { transformed in
                        unsafe winograd.transform(block, into: transformed)
                        for panel in 0..<winograd.panels {
                            unsafe multiply(winograd, block, transformed, weights, panel: panel)
                        }
                    }
                }
            } else {
                // Few: their panels are pieces too, which share the transformed input.
                let transformed = winograd.blocks.map { pool.take(winograd.transformedSize($0.count)) }
                parallel(winograd.blocks.count) { index in
                    unsafe winograd.transform(winograd.blocks[index], into: transformed[index].pointer)
                }
                parallel(winograd.blocks.count * winograd.panels) { piece in
                    let index = piece / winograd.panels
                    unsafe multiply(
                        winograd,
                        winograd.blocks[index],
                        unsafe transformed[index].pointer,
                        weights,
                        panel: piece % winograd.panels
                    )
                }
            }
        }
    }

    /// The transformed weights of all panels, where so many blocks need them that transforming them for each costs more than
    /// reading them.
    private func transformedWeights(_ winograd: WinogradConvolution) -> CPUBuffer? {
        let size = winograd.weightsSize
        guard winograd.blocks.count >= 4, size * winograd.panels <= 32 << 20 else { return nil }
        let weights = pool.take(size * winograd.panels)
        parallel(winograd.panels) { panel in
            unsafe winograd.transformWeights(panel: panel, into: weights.pointer + panel * size)
        }
        return weights
    }

    private func multiply(
        _ winograd: WinogradConvolution,
        _ tiles: Range<Int>,
        _ transformed: UnsafeMutableRawPointer,
        _ weights: CPUBuffer?,
        panel: Int
    ) {
        unsafe pool.withScratch(winograd.scratchSize(tiles.count)) { scratch in
            unsafe winograd.multiply(
                tiles,
                transformed,
                weights: weights.map { unsafe UnsafeRawPointer($0.pointer) + panel * winograd.weightsSize },
                panel: panel,
                scratch: scratch
            )
        }
    }
}

/// A convolution cut into blocks of Winograd's tiles.
@safe private struct WinogradConvolution: Sendable {
    /// A block's transformed input stays in the cache while it is multiplied with one panel after the other.
    private static let blockBytes = 6 << 20
    /// Fewer tiles would leave the transform of the weights too large a part of the work.
    private static let fewestTiles = 32
    /// More would gain nothing.
    private static let mostTiles = 128

    let blocks: [Range<Int>]
    /// Whether there are blocks enough to keep every thread busy.
    let isPlenty: Bool
    // Safe: constant, and what it points to is kept by the caller.
    nonisolated(unsafe) private let operation: ck_convolution
    nonisolated(unsafe) private let zeros: UnsafeMutableRawPointer
    // Safe: points to a constant.
    nonisolated(unsafe) private let kernels: UnsafePointer<ck_kernels>
    private let form: ck_winograd_form

    init(
        operation: ck_convolution,
        form: ck_winograd_form,
        rows: Int,
        threads: Int,
        zeros: UnsafeMutableRawPointer,
        kernels: UnsafePointer<ck_kernels>
    ) {
        unsafe self.operation = unsafe operation
        self.form = form
        unsafe self.zeros = unsafe zeros
        unsafe self.kernels = unsafe kernels
        let (tiles, tileBytes) = unsafe withUnsafePointer(to: operation) { operation in
            unsafe (
                rows * ck_winograd_tiles(operation, form),
                ck_winograd_transformed_size(kernels, operation, form, 64) / 64
            )
        }
        let most = min(max(Self.blockBytes / tileBytes, Self.fewestTiles), Self.mostTiles)
        isPlenty = tiles > most * (2 * threads - 1)
        // Of as many tiles as are multiplied together. Where panels are pieces too, blocks need not be small.
        blocks = guidedRanges(
            tiles,
            most: most,
            fewest: isPlenty ? Self.fewestTiles : most,
            group: Int(CK_TILE_ROWS),
            threads: threads
        )
    }

    var panels: Int { unsafe ck_panel_count(operation.panels) }

    /// Bytes of the transformed input of so many tiles.
    func transformedSize(_ tiles: Int) -> Int {
        unsafe withUnsafePointer(to: operation) {
            unsafe ck_winograd_transformed_size(kernels, $0, form, tiles)
        }
    }

    /// Bytes that multiplying so many tiles needs.
    func scratchSize(_ tiles: Int) -> Int {
        unsafe withUnsafePointer(to: operation) { unsafe ck_winograd_scratch(kernels, $0, form, tiles) }
    }

    /// Bytes of one panel's transformed weights.
    var weightsSize: Int {
        unsafe withUnsafePointer(to: operation) { unsafe ck_winograd_weights_size(kernels, $0, form) }
    }

    func transformWeights(panel: Int, into weights: UnsafeMutableRawPointer) {
        unsafe withUnsafePointer(to: operation) {
            unsafe ck_winograd_transform_weights(kernels, $0, form, panel, weights)
        }
    }

    func transform(_ tiles: Range<Int>, into transformed: UnsafeMutableRawPointer) {
        var round = unsafe round(tiles, transformed, weights: nil)
        unsafe ck_winograd_transform(kernels, &round, 0, tiles.count)
    }

    func multiply(
        _ tiles: Range<Int>,
        _ transformed: UnsafeMutableRawPointer,
        weights: UnsafeRawPointer?,
        panel: Int,
        scratch: UnsafeMutableRawPointer
    ) {
        var round = unsafe round(tiles, transformed, weights: weights)
        unsafe ck_winograd_multiply(kernels, &round, 0, tiles.count, panel, scratch)
    }

    private func round(
        _ tiles: Range<Int>,
        _ transformed: UnsafeMutableRawPointer,
        weights: UnsafeRawPointer?
    ) -> ck_winograd {
        unsafe ck_winograd(
            op: operation,
            zeros: zeros,
            form: form,
            first_tile: tiles.lowerBound,
            tile_count: tiles.count,
            transformed: transformed,
            weights: weights
        )
    }
}
