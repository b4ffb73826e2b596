// SPDX-License-Identifier: Apache-2.0

// The layout of packed panels: see ck_gemm.h.

#include "include/ck_gemm.h"

/// Rows of a panel's matrix as they lie in memory: in pairs of bfloat16 or fours of 8-bit integers.
static ptrdiff_t panel_depth(ck_panels panels) {
    const ptrdiff_t together = 4 / ck_element_size(panels.type);
    return panels.taps * ((panels.inputs + together - 1) / together * together);
}

ptrdiff_t ck_panel_count(ck_panels panels) {
    return (panels.outputs + CK_PANEL - 1) / CK_PANEL;
}

ptrdiff_t ck_panel_columns(ck_panels panels, ptrdiff_t panel) {
    ptrdiff_t left = panels.outputs - panel * CK_PANEL;
    if (left >= CK_PANEL) return CK_PANEL;
    // The two halves of a gated panel are each whole vectors of 16.
    if (panels.gated) return (left / 2 + 15) / 16 * 32;
    return (left + 15) / 16 * 16;
}

ptrdiff_t ck_panel_source(ck_panels panels, ptrdiff_t panel, ptrdiff_t column) {
    if (!panels.gated) {
        const ptrdiff_t row = panel * CK_PANEL + column;
        return row < panels.outputs ? row : -1;
    }
    const ptrdiff_t gate = ck_panel_columns(panels, panel) / 2;
    const ptrdiff_t channel = panel * CK_PANEL / 2 + column % gate;
    if (channel >= panels.outputs / 2) return -1;
    return column < gate ? channel : panels.outputs / 2 + channel;
}

ptrdiff_t ck_panels_columns(ck_panels panels) {
    ptrdiff_t last = ck_panel_count(panels) - 1;
    return last * CK_PANEL + ck_panel_columns(panels, last);
}

ptrdiff_t ck_panel_offset(ck_panels panels, ptrdiff_t panel) {
    return panel * CK_PANEL * panel_depth(panels) * ck_element_size(panels.type);
}

ptrdiff_t ck_panels_size(ck_panels panels) {
    return ck_panels_columns(panels) * panel_depth(panels) * ck_element_size(panels.type);
}
