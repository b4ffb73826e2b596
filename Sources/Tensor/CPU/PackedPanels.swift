// SPDX-License-Identifier: Apache-2.0

import CKernels

/// A weight matrix and its bias in the layout of the kernels.
///
/// The bytes depend on the weights and on the element type, not on the instruction set or on where they lie.
final class PackedPanels: PackedWeights, Sendable {
    let panels: ck_panels
    /// The panels, then the bias.
    private let block: PackedBlock

    /// Room for panels and bias in `place`, filled by `fill`.
    init(
        _ panels: ck_panels,
        at place: PackedPlace,
        fill: @escaping (_ weights: UnsafeMutableRawPointer, _ bias: UnsafeMutablePointer<Float>) -> Void
    ) {
        self.panels = panels
        let start = Self.biasOffset(panels)
        let type = panels.type == CK_BF16 ? DType.bfloat16 : .float32
        block = unsafe place.block(
            layout: "panels of \(CK_PANEL), \(panels.outputs) x \(panels.taps) x \(panels.inputs) \(type.rawValue)"
                + "\(panels.gated ? ", gated" : ""), bias",
            byteCount: start + ck_panels_columns(panels) * 4
        ) { memory in
            unsafe fill(memory, (memory + start).assumingMemoryBound(to: Float.self))
        }
    }

    var byteCount: Int { block.byteCount }

    /// The number of panels.
    var count: Int { ck_panel_count(panels) }

    var weights: UnsafeRawPointer { UnsafeRawPointer(unsafe block.pointer) }

    var bias: UnsafePointer<Float> {
        unsafe (weights + Self.biasOffset(panels)).assumingMemoryBound(to: Float.self)
    }

    /// Panels are whole cache lines, so that the bias begins one without a gap.
    private static func biasOffset(_ panels: ck_panels) -> Int {
        ck_panels_size(panels)
    }
}
