// SPDX-License-Identifier: Apache-2.0

import CKernels

/// A weight matrix and its bias in the layout of the kernels.
///
/// The bytes depend on the weights and on the element type, not on the instruction set or on where they lie.
final class PackedPanels: PackedWeights, @unchecked Sendable {
    let panels: ck_panels
    /// The panels, then the bias.
    private let memory: AlignedMemory
    private let panelBytes: Int

    // Safe: the memory is written while packing, before another thread can have the object, and freed with it.
    init(_ panels: ck_panels) {
        self.panels = panels
        panelBytes = (ck_panels_size(panels) + 63) & ~63
        memory = AlignedMemory(byteCount: panelBytes + ck_panels_columns(panels) * 4)
    }

    deinit {
        memory.deallocate()
    }

    var byteCount: Int { memory.byteCount }

    /// The number of panels.
    var count: Int { ck_panel_count(panels) }

    var weights: UnsafeMutableRawPointer { unsafe memory.pointer }

    var bias: UnsafeMutablePointer<Float> {
        unsafe (memory.pointer + panelBytes).assumingMemoryBound(to: Float.self)
    }
}
