// SPDX-License-Identifier: Apache-2.0

import CKernels

/// A linear layer's weights as 8-bit integers, with each column's bias, scale and sum.
final class QuantizedPanels: PackedWeights, Sendable {
    let panels: ck_panels
    /// The panels, then bias, scales and sums, each of `columns` elements.
    private let block: PackedBlock

    /// Where the parts of a layer's packed weights are to be written.
    @safe struct Parts {
        let weights: UnsafeMutableRawPointer
        let bias: UnsafeMutablePointer<Float>
        let scales: UnsafeMutablePointer<Float>
        let sums: UnsafeMutablePointer<Int32>
    }

    /// Room for a layer's parts in `place`, filled by `fill`.
    init(_ panels: ck_panels, at place: PackedPlace, fill: @escaping (Parts) -> Void) {
        self.panels = panels
        let columns = ck_panels_columns(panels)
        let size = ck_panels_size(panels)
        block = unsafe place.block(
            layout: "panels of \(CK_PANEL), \(panels.outputs) x \(panels.inputs) int8"
                + "\(panels.gated ? ", gated" : ""), bias, scales, sums",
            byteCount: size + columns * 12
        ) { memory in
            let bias = unsafe (memory + size).assumingMemoryBound(to: Float.self)
            let sums = unsafe (memory + size + columns * 8).assumingMemoryBound(to: Int32.self)
            fill(unsafe Parts(weights: memory, bias: bias, scales: bias + columns, sums: sums))
        }
    }

    var byteCount: Int { block.byteCount }

    /// The number of panels.
    var count: Int { ck_panel_count(panels) }

    var weights: UnsafeRawPointer { UnsafeRawPointer(unsafe block.pointer) }

    var bias: UnsafePointer<Float> {
        unsafe (weights + ck_panels_size(panels)).assumingMemoryBound(to: Float.self)
    }

    var scales: UnsafePointer<Float> { unsafe bias + ck_panels_columns(panels) }

    var sums: UnsafePointer<Int32> {
        unsafe UnsafeRawPointer(scales + ck_panels_columns(panels)).assumingMemoryBound(to: Int32.self)
    }
}
