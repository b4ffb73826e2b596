// SPDX-License-Identifier: Apache-2.0

// Linear layers of 8-bit weights and activations: packing, and the loop over rows, panels and blocks of inputs.

#include "include/ck_int8.h"
#include "include/ck_packing.h"
#include "kernels.h"
#include "prefetch.h"

/// Groups of four inputs whose weights are widened at a time: a block of 64 columns stays in the second-level cache.
#define BLOCK_GROUPS 128

const ck_int8_kernels *ck_int8_for(ck_isa isa) {
#if CK_X86
    switch (isa) {
    case CK_PORTABLE_BF16:
    case CK_PORTABLE: return &ck_int8_portable;
    case CK_AVX2: return &ck_int8_avx2;
    // Intel's processors multiply bfloat16 slower than float32, so that this is their path; 8-bit integers they
    // multiply four times faster. The sums are whole numbers: the path changes no bit.
    case CK_AVX512: return ck_widest_isa() == CK_AVX512_BF16 ? &ck_int8_vnni : &ck_int8_avx512;
    case CK_AVX512_BF16: return &ck_int8_vnni;
    }
#endif
    (void)isa;
    return &ck_int8_portable;
}

ptrdiff_t ck_int8_packing_scratch(ck_panels panels) {
    return panels.inputs * 4;
}

void ck_int8_pack(
    const ck_kernels *kernels, void *out, float *column_scales, int32_t *column_sums, const void *weight, ck_type type,
    ck_panels panels, ptrdiff_t first_panel, ptrdiff_t last_panel, void *scratch) {
    float *row = scratch;
    const ptrdiff_t size = ck_element_size(type);
    for (ptrdiff_t panel = first_panel; panel < last_panel; panel++) {
        const ptrdiff_t columns = ck_panel_columns(panels, panel);
        int8_t *packed = (int8_t *)out + ck_panel_offset(panels, panel);
        for (ptrdiff_t column = 0; column < columns; column++) {
            const ptrdiff_t index = panel * CK_PANEL + column;
            const ptrdiff_t source = ck_panel_source(panels, panel, column);
            float largest = 0;
            if (source >= 0) {
                ck_convert(
                    kernels, row, CK_F32, (const uint8_t *)weight + source * panels.inputs * size, type, panels.inputs);
                for (ptrdiff_t i = 0; i < panels.inputs; i++) {
                    const float magnitude = __builtin_fabsf(row[i]);
                    if (magnitude > largest) largest = magnitude;
                }
            }
            const float inverse = largest > 0 ? 127 / largest : 0;
            int32_t sum = 0;
            for (ptrdiff_t i = 0; i < ck_int8_depth(panels.inputs); i++) {
                const bool exists = source >= 0 && i < panels.inputs;
                const int8_t value = exists ? (int8_t)__builtin_rintf(row[i] * inverse) : 0;
                packed[(i / 4 * columns + column) * 4 + i % 4] = value;
                sum += value;
            }
            column_scales[index] = largest / 127;
            column_sums[index] = sum;
        }
    }
}

/// Where things lie in the scratch memory, in bytes.
typedef struct layout {
    ptrdiff_t weights, sums, tile, size;
} layout;

static layout layout_of(ptrdiff_t rows) {
    layout result = {0};
    result.sums = ck_whole_lines(BLOCK_GROUPS * CK_PANEL * 8);
    result.tile = result.sums + ck_whole_lines(rows * CK_PANEL * 4);
    result.size = result.tile + CK_TILE_ROWS * CK_PANEL * 4;
    return result;
}

ptrdiff_t ck_int8_scratch(ptrdiff_t rows) {
    return layout_of(rows).size;
}

/// From a tile of integer sums to results.
static void finish_tile(
    const ck_kernels *kernels, const ck_int8_kernels *int8, const ck_int8_product *p, const int32_t *sums, float *tile,
    ptrdiff_t row, ptrdiff_t panel, int rows, int columns) {
    for (int i = 0; i < rows; i++) {
        int8->dequantize(
            tile + i * CK_PANEL, sums + i * CK_PANEL, p->row_scales[row + i], p->column_scales + panel * CK_PANEL,
            p->column_sums + panel * CK_PANEL, int8->offset, columns);
    }
    kernels->finish(&p->epilogue, tile, CK_PANEL, row, panel, rows, columns);
}

void ck_int8_multiply(
    const ck_kernels *kernels, const ck_int8_kernels *int8, const ck_int8_product *p, ptrdiff_t first_row,
    ptrdiff_t last_row, ptrdiff_t first_panel, ptrdiff_t last_panel, void *scratch) {
    const ptrdiff_t rows = last_row - first_row;
    const layout at = layout_of(rows);
    int32_t *sums = (int32_t *)((uint8_t *)scratch + at.sums);
    float *tile = (float *)((uint8_t *)scratch + at.tile);
    const ptrdiff_t depth = ck_int8_depth(p->panels.inputs);
    const ptrdiff_t groups = depth / 4;
    const ptrdiff_t row_size = depth * int8->activation_size;
    // Without widening, weights are read where they lie and need no blocks.
    const ptrdiff_t block = int8->widen ? BLOCK_GROUPS : groups;
    for (ptrdiff_t panel = first_panel; panel < last_panel; panel++) {
        const int columns = (int)ck_panel_columns(p->panels, panel);
        const int8_t *packed = (const int8_t *)p->weights + ck_panel_offset(p->panels, panel);
        for (ptrdiff_t group = 0; group < groups; group += block) {
            const ptrdiff_t count = ck_smaller(block, groups - group);
            const void *weights = packed + group * columns * 4;
            if (int8->widen) {
                int8->widen((uint8_t *)scratch + at.weights, weights, count, columns);
                weights = (uint8_t *)scratch + at.weights;
            }
            for (ptrdiff_t i = 0; i < rows; i += CK_TILE_ROWS) {
                const int height = (int)ck_smaller(CK_TILE_ROWS, rows - i);
                const void *a[CK_TILE_ROWS] = {0};
                for (int r = 0; r < height; r++) {
                    a[r] = (const uint8_t *)p->rows + (first_row + i + r) * row_size + group * 4 * int8->activation_size;
                }
                int32_t *c = sums + i * CK_PANEL;
                const bool is_last = group + block >= groups;
                if (is_last) ck_prefetch_results(&p->epilogue, first_row + i, panel, height, columns);
                int8->tile(c, a, weights, count, CK_PANEL, height, columns, group > 0);
                if (is_last) finish_tile(kernels, int8, p, c, tile, first_row + i, panel, height, columns);
            }
        }
    }
}
