// SPDX-License-Identifier: Apache-2.0

// The layout of packed panels: see ck_gemm.h.

#include "include/ck_gemm.h"

static ptrdiff_t element_size(ck_type type) {
    return type == CK_F32 ? 4 : 2;
}

/// Rows of a panel's matrix as they lie in memory: bfloat16 comes in pairs.
static ptrdiff_t panel_depth(ck_panels panels) {
    ptrdiff_t inputs = panels.type == CK_BF16 ? (panels.inputs + 1) / 2 * 2 : panels.inputs;
    return panels.taps * inputs;
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

ptrdiff_t ck_panels_columns(ck_panels panels) {
    ptrdiff_t last = ck_panel_count(panels) - 1;
    return last * CK_PANEL + ck_panel_columns(panels, last);
}

ptrdiff_t ck_panel_offset(ck_panels panels, ptrdiff_t panel) {
    return panel * CK_PANEL * panel_depth(panels) * element_size(panels.type);
}

ptrdiff_t ck_panels_size(ck_panels panels) {
    return ck_panels_columns(panels) * panel_depth(panels) * element_size(panels.type);
}
