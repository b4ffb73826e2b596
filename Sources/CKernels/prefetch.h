// SPDX-License-Identifier: Apache-2.0

// Results and residuals lie a picture's line or more apart, where no processor expects the next one.

#ifndef CK_PREFETCH_H
#define CK_PREFETCH_H

#include "include/ck_gemm.h"

/// Asks for the lines that an epilogue will write and read, while sums are computed that take longer than they take to come.
static inline void ck_prefetch_results(const ck_epilogue *e, ptrdiff_t row, ptrdiff_t panel, int rows, int columns) {
    const ptrdiff_t size = ck_element_size(e->type);
    const ptrdiff_t width = e->activation == CK_GEGLU ? columns / 2 : columns;
    const ptrdiff_t first = panel * (e->activation == CK_GEGLU ? CK_PANEL / 2 : CK_PANEL);
    for (int i = 0; i < rows; i++) {
        const ptrdiff_t start = ((row + i) * e->channels + first) * size;
        for (ptrdiff_t at = start; at < start + width * size; at += 64) {
            __builtin_prefetch((const uint8_t *)e->output + at, 1);
            if (e->residual) __builtin_prefetch((const uint8_t *)e->residual + at, 0);
        }
    }
}

#endif
