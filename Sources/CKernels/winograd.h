// SPDX-License-Identifier: Apache-2.0

// Winograd's transforms, from vectors of any width: see those of `ck_kernels`.
//
// A tile of m results along a side is read off m + 2 points: 0, 1, -1 and infinity for m = 2; 0, a, -a, b, -b and
// infinity for m = 4. There a = 2/3 and b = 3/2 lose half as much to rounding as the customary 1 and 2. The matrices
// are the Toom-Cook construction over these points; even and odd powers are shared between a point and its negative.
//
// Where each pixel is seen twice, the four pixels of m = 2 are p, q, q and r: the point -1 is q - q, and is left out. What
// is left is computed as it would be with it, and the results have the same bits.

#ifndef CK_WINOGRAD_KERNELS_H
#define CK_WINOGRAD_KERNELS_H

#include "include/ck_gemm.h"
#include "vector.h"

#define CK_POINT_A (2.0f / 3.0f)
#define CK_POINT_B (3.0f / 2.0f)
#define CK_POINT_A2 (CK_POINT_A * CK_POINT_A)
#define CK_POINT_B2 (CK_POINT_B * CK_POINT_B)
/// What the product over a point's distances from the other finite points is: the divisor of its weights.
#define CK_DIVISOR_A (2.0f * CK_POINT_A2 * (CK_POINT_A2 - CK_POINT_B2))
#define CK_DIVISOR_B (2.0f * CK_POINT_B2 * (CK_POINT_B2 - CK_POINT_A2))

/// out[points] = Bᵀ · d[points].
CK_INLINE void ck_input_points(ck_vec *out, const ck_vec *d, const ck_winograd_form form) {
    if (form == CK_F2_UPSAMPLED) {
        out[0] = d[0] - d[1];
        out[1] = d[1] + d[1];
        out[2] = d[2] - d[1];
        return;
    }
    if (form == CK_F2) {
        out[0] = d[0] - d[2];
        out[1] = d[1] + d[2];
        out[2] = d[2] - d[1];
        out[3] = d[3] - d[1];
        return;
    }
    // a² b² = 1.
    const ck_vec sum = ck_splat(-(CK_POINT_A2 + CK_POINT_B2));
    out[0] = ck_fma(sum, d[2], d[0] + d[4]);
    out[5] = ck_fma(sum, d[3], d[1] + d[5]);
    const ck_vec even_a = ck_fma(ck_splat(-CK_POINT_B2), d[2], d[4]);
    const ck_vec odd_a = ck_fma(ck_splat(-CK_POINT_B2), d[1], d[3]);
    out[1] = ck_fma(ck_splat(CK_POINT_A), odd_a, even_a);
    out[2] = ck_fma(ck_splat(-CK_POINT_A), odd_a, even_a);
    const ck_vec even_b = ck_fma(ck_splat(-CK_POINT_A2), d[2], d[4]);
    const ck_vec odd_b = ck_fma(ck_splat(-CK_POINT_A2), d[1], d[3]);
    out[3] = ck_fma(ck_splat(CK_POINT_B), odd_b, even_b);
    out[4] = ck_fma(ck_splat(-CK_POINT_B), odd_b, even_b);
}

/// out[points] = G · g[3].
CK_INLINE void ck_weight_points(ck_vec *out, const ck_vec *g, const ck_winograd_form form) {
    out[0] = g[0];
    if (form != CK_F4) {
        const ck_vec even = ck_splat(0.5f) * (g[0] + g[2]);
        const ck_vec odd = ck_splat(0.5f) * g[1];
        out[1] = even + odd;
        if (form == CK_F2) out[2] = even - odd;
        out[ck_form_points(form) - 1] = g[2];
        return;
    }
    const ck_vec even_a = ck_fma(ck_splat(CK_POINT_A2 / CK_DIVISOR_A), g[2], ck_splat(1 / CK_DIVISOR_A) * g[0]);
    const ck_vec odd_a = ck_splat(CK_POINT_A / CK_DIVISOR_A) * g[1];
    out[1] = even_a + odd_a;
    out[2] = even_a - odd_a;
    const ck_vec even_b = ck_fma(ck_splat(CK_POINT_B2 / CK_DIVISOR_B), g[2], ck_splat(1 / CK_DIVISOR_B) * g[0]);
    const ck_vec odd_b = ck_splat(CK_POINT_B / CK_DIVISOR_B) * g[1];
    out[3] = even_b + odd_b;
    out[4] = even_b - odd_b;
    out[5] = g[2];
}

/// out[size] = Aᵀ · m[points].
CK_INLINE void ck_output_points(ck_vec *out, const ck_vec *m, const ck_winograd_form form) {
    if (form == CK_F2_UPSAMPLED) {
        out[0] = m[0] + m[1];
        out[1] = m[1] + m[2];
        return;
    }
    const ck_vec even_a = m[1] + m[2];
    const ck_vec odd_a = m[1] - m[2];
    if (form == CK_F2) {
        out[0] = m[0] + even_a;
        out[1] = odd_a + m[3];
        return;
    }
    const ck_vec even_b = m[3] + m[4];
    const ck_vec odd_b = m[3] - m[4];
    out[0] = m[0] + (even_a + even_b);
    out[1] = ck_fma(ck_splat(CK_POINT_B), odd_b, ck_splat(CK_POINT_A) * odd_a);
    out[2] = ck_fma(ck_splat(CK_POINT_B2), even_b, ck_splat(CK_POINT_A2) * even_a);
    out[3] = ck_fma(
        ck_splat(CK_POINT_B2 * CK_POINT_B), odd_b, ck_fma(ck_splat(CK_POINT_A2 * CK_POINT_A), odd_a, m[5]));
}

/// What a transform is compiled for: the type it reads, the type it writes, and the form.
#define CK_WINOGRAD_CASES(one)                                                                    \
    one(CK_F32, CK_F32, CK_F2) one(CK_F32, CK_F32, CK_F2_UPSAMPLED) one(CK_F32, CK_F32, CK_F4)    \
    one(CK_BF16, CK_F32, CK_F2) one(CK_BF16, CK_F32, CK_F2_UPSAMPLED) one(CK_BF16, CK_F32, CK_F4) \
    one(CK_BF16, CK_BF16, CK_F2) one(CK_BF16, CK_BF16, CK_F2_UPSAMPLED) one(CK_BF16, CK_BF16, CK_F4)

/// CK_LANES channels of a tile, or `count` if they are fewer; all but `count` are constants where this is called.
CK_INLINE void ck_input_lanes(
    void *out, ptrdiff_t plane, const void *const *pixels, ptrdiff_t channel, int count, const ck_type in_type,
    const ck_type type, const ck_winograd_form form) {
    const int points = ck_form_points(form);
    ck_vec columns[6][6];
#pragma clang loop unroll(full)
    for (int x = 0; x < points; x++) {
        ck_vec d[6], transformed[6];
#pragma clang loop unroll(full)
        for (int y = 0; y < points; y++) {
            const void *pixel = pixels[y * points + x];
            d[y] = count == CK_LANES ? ck_load(pixel, channel, in_type) : ck_load_part(pixel, channel, count, in_type);
        }
        ck_input_points(transformed, d, form);
#pragma clang loop unroll(full)
        for (int y = 0; y < points; y++) columns[y][x] = transformed[y];
    }
#pragma clang loop unroll(full)
    for (int y = 0; y < points; y++) {
        ck_vec transformed[6];
        ck_input_points(transformed, columns[y], form);
#pragma clang loop unroll(full)
        for (int x = 0; x < points; x++) {
            const ptrdiff_t at = (y * points + x) * plane + channel;
            if (count == CK_LANES) {
                ck_store(out, at, transformed[x], type);
            } else {
                ck_store_part(out, at, transformed[x], count, type);
            }
        }
    }
}

CK_INLINE void ck_input_tile(
    void *out, ptrdiff_t plane, const void *const *pixels, ptrdiff_t channels, const ck_type in_type,
    const ck_type type, const ck_winograd_form form) {
    ptrdiff_t c = 0;
    for (; c + CK_LANES <= channels; c += CK_LANES) {
        ck_input_lanes(out, plane, pixels, c, CK_LANES, in_type, type, form);
    }
    if (c < channels) ck_input_lanes(out, plane, pixels, c, (int)(channels - c), in_type, type, form);
}

#define CK_INPUT_CASE(in_type, type, form)                                                        \
    case (in_type) * 16 + (type) * 8 + (form):                                                    \
        ck_input_tile(out, plane, pixels, channels, in_type, type, form);                         \
        return;

static void ck_winograd_input(
    void *out, ptrdiff_t plane, const void *const *pixels, ptrdiff_t channels, ck_type in_type, ck_type type, ck_winograd_form form) {
    switch (in_type * 16 + type * 8 + form) {
        CK_WINOGRAD_CASES(CK_INPUT_CASE)
    }
}

/// The values of G's row `y` for weights g[0], g[1], g[2] of a kernel's column.
CK_INLINE ck_vec ck_weight_row(ck_vec g0, ck_vec g1, ck_vec g2, const int y, const ck_winograd_form form) {
    const ck_vec g[3] = {g0, g1, g2};
    ck_vec all[6];
    // Of the points only one is asked for; the others are never computed.
    ck_weight_points(all, g, form);
    return all[y];
}

/// One row of points of one channel's weights, from its nine taps.
CK_INLINE void ck_weight_lanes(ck_vec *out, const ck_vec *taps, const int y, const ck_winograd_form form) {
    ck_vec row[3];
#pragma clang loop unroll(full)
    for (int x = 0; x < 3; x++) row[x] = ck_weight_row(taps[x], taps[3 + x], taps[6 + x], y, form);
    ck_weight_points(out, row, form);
}

/// `y` and the types are constants where this is called.
CK_INLINE void ck_weight_block(
    void *out, ptrdiff_t plane, const void *weights, ptrdiff_t tap_stride, ptrdiff_t channels, ptrdiff_t columns,
    const int y, const ck_type in_type, const ck_type type, const ck_winograd_form form) {
    const int points = ck_form_points(form);
    if (in_type == CK_F32) {
        for (ptrdiff_t i = 0; i < channels * columns; i += CK_LANES) {
            ck_vec taps[9], transformed[6];
#pragma clang loop unroll(full)
            for (int t = 0; t < 9; t++) taps[t] = ck_load_f32((const float *)weights + t * tap_stride + i);
            ck_weight_lanes(transformed, taps, y, form);
#pragma clang loop unroll(full)
            for (int x = 0; x < points; x++) ck_store_f32((float *)out + x * plane + i, transformed[x]);
        }
        return;
    }
    // Two channels of a column are side by side.
    const ptrdiff_t pairs = (channels + 1) / 2;
    for (ptrdiff_t p = 0; p < pairs; p++) {
        for (ptrdiff_t j = 0; j < columns; j += CK_LANES) {
            ck_vec even[9], odd[9], first[6], second[6];
#pragma clang loop unroll(full)
            for (int t = 0; t < 9; t++) {
                const ck_vec_u32 pair =
                    *(const ck_mem_u32 *)((const uint16_t *)weights + t * tap_stride + 2 * (p * columns + j));
                even[t] = (ck_vec)(pair << 16);
                odd[t] = (ck_vec)(pair & 0xffff0000);
            }
            ck_weight_lanes(first, even, y, form);
            ck_weight_lanes(second, odd, y, form);
#pragma clang loop unroll(full)
            for (int x = 0; x < points; x++) {
                if (type == CK_F32) {
                    float *at = (float *)out + x * plane + 2 * p * columns + j;
                    ck_store_f32(at, first[x]);
                    ck_store_f32(at + columns, second[x]);
                } else {
                    uint16_t *at = (uint16_t *)out + x * plane + 2 * (p * columns + j);
                    *(ck_mem_u32 *)at = ck_pair_bf16(first[x], second[x]);
                }
            }
        }
    }
}

#define CK_WEIGHT_ROWS(in_type, type, form)                                                                        \
    case (in_type) * 16 + (type) * 8 + (form):                                                                     \
        switch (y) {                                                                                               \
        case 0: ck_weight_block(out, plane, weights, tap_stride, channels, columns, 0, in_type, type, form); return; \
        case 1: ck_weight_block(out, plane, weights, tap_stride, channels, columns, 1, in_type, type, form); return; \
        case 2: ck_weight_block(out, plane, weights, tap_stride, channels, columns, 2, in_type, type, form); return; \
        case 3: ck_weight_block(out, plane, weights, tap_stride, channels, columns, 3, in_type, type, form); return; \
        case 4: ck_weight_block(out, plane, weights, tap_stride, channels, columns, 4, in_type, type, form); return; \
        case 5: ck_weight_block(out, plane, weights, tap_stride, channels, columns, 5, in_type, type, form); return; \
        }                                                                                                          \
        return;

static void ck_winograd_weights(
    void *out, ptrdiff_t plane, const void *weights, ptrdiff_t tap_stride, ptrdiff_t channels, ptrdiff_t columns, int y,
    ck_type in_type, ck_type type, ck_winograd_form form) {
    switch (in_type * 16 + type * 8 + form) {
        CK_WINOGRAD_CASES(CK_WEIGHT_ROWS)
    }
}

CK_INLINE void ck_output_tile(
    float *restrict out, const float *restrict in, ptrdiff_t plane, int columns, const ck_winograd_form form) {
    const int points = ck_form_points(form), size = ck_form_size(form);
    for (int j = 0; j < columns; j += CK_LANES) {
        ck_vec rows[4][6];
#pragma clang loop unroll(full)
        for (int x = 0; x < points; x++) {
            ck_vec m[6], transformed[4];
#pragma clang loop unroll(full)
            for (int y = 0; y < points; y++) m[y] = ck_load_f32(in + (y * points + x) * plane + j);
            ck_output_points(transformed, m, form);
#pragma clang loop unroll(full)
            for (int y = 0; y < size; y++) rows[y][x] = transformed[y];
        }
#pragma clang loop unroll(full)
        for (int y = 0; y < size; y++) {
            ck_vec transformed[4];
            ck_output_points(transformed, rows[y], form);
#pragma clang loop unroll(full)
            for (int x = 0; x < size; x++) ck_store_f32(out + (y * size + x) * CK_PANEL + j, transformed[x]);
        }
    }
}

static void ck_winograd_output(float *out, const float *in, ptrdiff_t plane, int columns, ck_winograd_form form) {
    switch (form) {
    case CK_F2: ck_output_tile(out, in, plane, columns, CK_F2); return;
    case CK_F2_UPSAMPLED: ck_output_tile(out, in, plane, columns, CK_F2_UPSAMPLED); return;
    case CK_F4: ck_output_tile(out, in, plane, columns, CK_F4); return;
    }
}

#endif
