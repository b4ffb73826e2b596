// SPDX-License-Identifier: Apache-2.0

// Packing: a block of each weight row is converted in scratch memory, tap by tap, then the block is transposed.

#include "include/ck_packing.h"

/// Elements of each weight row in a block.
#define BLOCK 256
/// Words of 32 bits between columns of a block: not a power of two, or the transpose's reads would share cache sets.
#define BLOCK_STRIDE (BLOCK + 16)

// The columns of a block, [CK_PANEL][BLOCK_STRIDE] words, and before them one row in float32 and as it is stored.
ptrdiff_t ck_packing_scratch(void) {
    return (CK_PANEL + 2) * BLOCK_STRIDE * 4;
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

typedef uint32_t word4 __attribute__((ext_vector_type(4)));
typedef uint32_t mem_word4 __attribute__((ext_vector_type(4), aligned(4)));

/// out[word][column] = in[column][word]; `columns` is a multiple of 4.
static void transpose(
    uint32_t *restrict out, const uint32_t *restrict in, ptrdiff_t columns, ptrdiff_t words) {
    for (ptrdiff_t column = 0; column < columns; column += 4) {
        const uint32_t *row = in + column * BLOCK_STRIDE;
        ptrdiff_t word = 0;
        for (; word + 4 <= words; word += 4) {
            const word4 a = *(const mem_word4 *)(row + word);
            const word4 b = *(const mem_word4 *)(row + BLOCK_STRIDE + word);
            const word4 c = *(const mem_word4 *)(row + 2 * BLOCK_STRIDE + word);
            const word4 d = *(const mem_word4 *)(row + 3 * BLOCK_STRIDE + word);
            const word4 ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
            const word4 ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
            const word4 cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
            const word4 cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
            uint32_t *to = out + word * columns + column;
            *(mem_word4 *)to = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
            *(mem_word4 *)(to + columns) = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
            *(mem_word4 *)(to + 2 * columns) = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
            *(mem_word4 *)(to + 3 * columns) = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
        }
        for (; word < words; word++) {
            for (ptrdiff_t i = 0; i < 4; i++) out[word * columns + column + i] = row[i * BLOCK_STRIDE + word];
        }
    }
}

/// out[tap][channel] = in[channel][tap], bfloat16; a tap of an odd number of channels ends in a zero.
CK_INLINE void split_taps_bf16(
    uint16_t *restrict out, const uint16_t *restrict in, ptrdiff_t channels, const ptrdiff_t taps) {
    const ptrdiff_t stride = (channels + 1) / 2 * 2;
    for (ptrdiff_t c = 0; c < channels; c++) {
        for (ptrdiff_t tap = 0; tap < taps; tap++) out[tap * stride + c] = *in++;
    }
    if (channels < stride) {
        for (ptrdiff_t tap = 0; tap < taps; tap++) out[tap * stride + channels] = 0;
    }
}

CK_INLINE void split_taps_f32(
    float *restrict out, const float *restrict in, ptrdiff_t channels, const ptrdiff_t taps) {
    for (ptrdiff_t c = 0; c < channels; c++) {
        for (ptrdiff_t tap = 0; tap < taps; tap++) out[tap * channels + c] = *in++;
    }
}

/// Writes a converted row tap by tap as it is stored; the kernels of 1x1 and 3x3 have loops of their own.
static void split_taps(void *out, const void *in, ck_type type, ptrdiff_t channels, ptrdiff_t taps) {
    if (type == CK_F32) {
        switch (taps) {
        case 1: memcpy(out, in, (size_t)channels * 4); break;
        case 9: split_taps_f32(out, in, channels, 9); break;
        default: split_taps_f32(out, in, channels, taps);
        }
    } else {
        switch (taps) {
        case 1:
            memcpy(out, in, (size_t)channels * 2);
            if (channels % 2) ((uint16_t *)out)[channels] = 0;
            break;
        case 9: split_taps_bf16(out, in, channels, 9); break;
        default: split_taps_bf16(out, in, channels, taps);
        }
    }
}

void ck_pack_panels(
    const ck_kernels *kernels, void *out, const void *weight, ck_type type, ck_panels panels, ptrdiff_t first_panel,
    ptrdiff_t last_panel, void *scratch) {
    const bool is_bf16 = panels.type == CK_BF16;
    const ptrdiff_t size = ck_element_size(type);
    float *converted = scratch;
    uint16_t *narrowed = (uint16_t *)(converted + BLOCK_STRIDE);
    uint32_t *block = (uint32_t *)(converted + 2 * BLOCK_STRIDE);
    // An even number of channels, so that only the last block can end in half a pair.
    const ptrdiff_t channels_per_block = BLOCK / panels.taps / 2 * 2;
    // Words of one tap and column: pairs of channels, or channels.
    const ptrdiff_t depth = is_bf16 ? (panels.inputs + 1) / 2 : panels.inputs;
    for (ptrdiff_t panel = first_panel; panel < last_panel; panel++) {
        const ptrdiff_t columns = ck_panel_columns(panels, panel);
        uint32_t *packed = (uint32_t *)((uint8_t *)out + ck_panel_offset(panels, panel));
        for (ptrdiff_t first = 0; first < panels.inputs; first += channels_per_block) {
            const ptrdiff_t left = panels.inputs - first;
            const ptrdiff_t channels = left < channels_per_block ? left : channels_per_block;
            const ptrdiff_t words = is_bf16 ? (channels + 1) / 2 : channels;
            for (ptrdiff_t column = 0; column < columns; column++) {
                const ptrdiff_t row = ck_panel_source(panels, panel, column);
                uint32_t *to = block + column * BLOCK_STRIDE;
                if (row < 0) {
                    memset(to, 0, (size_t)(words * panels.taps) * 4);
                    continue;
                }
                const uint8_t *in = (const uint8_t *)weight + (row * panels.inputs + first) * panels.taps * size;
                const ptrdiff_t count = channels * panels.taps;
                ck_convert(kernels, converted, CK_F32, in, type, count);
                if (is_bf16) {
                    ck_convert(kernels, narrowed, CK_BF16, converted, CK_F32, count);
                    split_taps(to, narrowed, CK_BF16, channels, panels.taps);
                } else {
                    split_taps(to, converted, CK_F32, channels, panels.taps);
                }
            }
            for (ptrdiff_t tap = 0; tap < panels.taps; tap++) {
                const ptrdiff_t start = tap * depth + (is_bf16 ? first / 2 : first);
                transpose(packed + start * columns, block + tap * words, columns, words);
            }
        }
    }
}

void ck_pack_bias(
    const ck_kernels *kernels, float *out, const void *bias, ck_type type, ck_panels panels) {
    const ptrdiff_t size = ck_element_size(type);
    for (ptrdiff_t panel = 0; panel < ck_panel_count(panels); panel++) {
        for (ptrdiff_t column = 0; column < ck_panel_columns(panels, panel); column++, out++) {
            ptrdiff_t row = bias ? ck_panel_source(panels, panel, column) : -1;
            *out = 0;
            if (row >= 0) ck_convert(kernels, out, CK_F32, (const uint8_t *)bias + row * size, type, 1);
        }
    }
}
