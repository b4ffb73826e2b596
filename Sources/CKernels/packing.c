// SPDX-License-Identifier: Apache-2.0

// Packing: a block of each weight row is converted to float32 in scratch memory, then the block is transposed.

#include "include/ck_packing.h"

/// Elements of each weight row in a block.
#define BLOCK 256
/// Elements between rows of a block: not a power of two, or the columns of the transpose would share cache sets.
#define BLOCK_STRIDE (BLOCK + 16)

ptrdiff_t ck_packing_scratch(void) {
    return CK_PANEL * BLOCK_STRIDE * 4;
}

void ck_convert(
    const ck_kernels *kernels, void *out, ck_type out_type, const void *in, ck_type in_type, ptrdiff_t count) {
    if (out_type == CK_BF16) {
        kernels->bf16_from_f32(out, in, count);
    } else if (in_type == CK_BF16) {
        kernels->f32_from_bf16(out, in, count);
    } else if (in_type == CK_F16) {
        kernels->f32_from_f16(out, in, count);
    } else {
        memcpy(out, in, (size_t)count * 4);
    }
}

/// The weight row of a panel's column, or -1 for padding.
static ptrdiff_t source_row(ck_panels panels, ptrdiff_t panel, ptrdiff_t column) {
    if (!panels.gated) {
        ptrdiff_t row = panel * CK_PANEL + column;
        return row < panels.outputs ? row : -1;
    }
    ptrdiff_t gate = ck_panel_columns(panels, panel) / 2;
    ptrdiff_t channel = panel * CK_PANEL / 2 + column % gate;
    if (channel >= panels.outputs / 2) return -1;
    return column < gate ? channel : panels.outputs / 2 + channel;
}

/// Writes one tap of a block of columns, two channels of a column side by side; put_f32 writes one.
static void put_bf16(
    uint16_t *out, const float *block, ptrdiff_t columns, ptrdiff_t channels, ptrdiff_t taps, ptrdiff_t tap) {
    for (ptrdiff_t c = 0; c < channels; c += 2) {
        for (ptrdiff_t column = 0; column < columns; column++) {
            const float *in = block + column * BLOCK_STRIDE + c * taps + tap;
            out[2 * column] = ck_bf16_from_f32(in[0]);
            out[2 * column + 1] = c + 1 < channels ? ck_bf16_from_f32(in[taps]) : 0;
        }
        out += 2 * columns;
    }
}

static void put_f32(
    float *out, const float *block, ptrdiff_t columns, ptrdiff_t channels, ptrdiff_t taps, ptrdiff_t tap) {
    for (ptrdiff_t c = 0; c < channels; c++) {
        for (ptrdiff_t column = 0; column < columns; column++) {
            *out++ = block[column * BLOCK_STRIDE + c * taps + tap];
        }
    }
}

void ck_pack_panels(
    const ck_kernels *kernels, void *out, const void *weight, ck_type type, ck_panels panels, ptrdiff_t first_panel,
    ptrdiff_t last_panel, void *scratch) {
    float *block = scratch;
    const ptrdiff_t size = type == CK_F32 ? 4 : 2;
    // An even number of channels, so that only the last block can end in half a pair.
    const ptrdiff_t channels_per_block = BLOCK / panels.taps / 2 * 2;
    const ptrdiff_t depth = panels.type == CK_BF16 ? (panels.inputs + 1) / 2 * 2 : panels.inputs;
    for (ptrdiff_t panel = first_panel; panel < last_panel; panel++) {
        const ptrdiff_t columns = ck_panel_columns(panels, panel);
        uint8_t *packed = (uint8_t *)out + ck_panel_offset(panels, panel);
        for (ptrdiff_t first = 0; first < panels.inputs; first += channels_per_block) {
            ptrdiff_t left = panels.inputs - first;
            ptrdiff_t channels = left < channels_per_block ? left : channels_per_block;
            for (ptrdiff_t column = 0; column < columns; column++) {
                ptrdiff_t row = source_row(panels, panel, column);
                float *converted = block + column * BLOCK_STRIDE;
                if (row < 0) {
                    memset(converted, 0, (size_t)(channels * panels.taps) * 4);
                } else {
                    const uint8_t *in = (const uint8_t *)weight + (row * panels.inputs + first) * panels.taps * size;
                    ck_convert(kernels, converted, CK_F32, in, type, channels * panels.taps);
                }
            }
            for (ptrdiff_t tap = 0; tap < panels.taps; tap++) {
                ptrdiff_t start = (tap * depth + first) * columns;
                if (panels.type == CK_BF16) {
                    put_bf16((uint16_t *)packed + start, block, columns, channels, panels.taps, tap);
                } else {
                    put_f32((float *)packed + start, block, columns, channels, panels.taps, tap);
                }
            }
        }
    }
}

void ck_pack_bias(
    const ck_kernels *kernels, float *out, const void *bias, ck_type type, ck_panels panels) {
    const ptrdiff_t size = type == CK_F32 ? 4 : 2;
    for (ptrdiff_t panel = 0; panel < ck_panel_count(panels); panel++) {
        for (ptrdiff_t column = 0; column < ck_panel_columns(panels, panel); column++, out++) {
            ptrdiff_t row = bias ? source_row(panels, panel, column) : -1;
            *out = 0;
            if (row >= 0) ck_convert(kernels, out, CK_F32, (const uint8_t *)bias + row * size, type, 1);
        }
    }
}
