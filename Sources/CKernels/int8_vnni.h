// SPDX-License-Identifier: Apache-2.0

// Products of 8-bit integers with AVX-512 VNNI: four at once, unsigned by signed. See ck_int8.h.

#ifndef CK_INT8_VNNI_H
#define CK_INT8_VNNI_H

#include "int8.h"

static float ck_quantize_bytes(void *out, const void *in, ptrdiff_t count, ck_type type) {
    return type == CK_BF16 ? ck_quantize_of(out, in, count, CK_BF16, true)
                           : ck_quantize_of(out, in, count, CK_F32, true);
}

/// Both counts are constants where this is called.
CK_INLINE void ck_quads_block(
    int32_t *restrict c, const void *const *restrict a, const int8_t *restrict b, ptrdiff_t groups, ptrdiff_t c_stride,
    const int rows, const int vectors, bool accumulate) {
    __m512i sum[CK_TILE_ROWS][4];
    const int32_t *row[CK_TILE_ROWS];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
        row[i] = a[i];
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) {
            sum[i][j] = accumulate ? _mm512_loadu_si512(c + i * c_stride + 16 * j) : _mm512_setzero_si512();
        }
    }
    for (ptrdiff_t p = 0; p < groups; p++) {
        __m512i column[4];
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) column[j] = _mm512_loadu_si512(b + 64 * j);
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) {
            const __m512i value = _mm512_set1_epi32(row[i][p]);
#pragma clang loop unroll(full)
            for (int j = 0; j < vectors; j++) sum[i][j] = _mm512_dpbusd_epi32(sum[i][j], value, column[j]);
        }
        b += 64 * vectors;
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) _mm512_storeu_si512(c + i * c_stride + 16 * j, sum[i][j]);
    }
}

#define CK_QUADS_CASE(rows, vectors)                                                                                   \
    case (rows) * 8 + (vectors):                                                                                       \
        ck_quads_block(c, a, b, groups, c_stride, rows, vectors, accumulate);                                          \
        return;
#define CK_QUADS_CASES(vectors)                                                                                        \
    CK_QUADS_CASE(1, vectors)                                                                                          \
    CK_QUADS_CASE(2, vectors)                                                                                          \
    CK_QUADS_CASE(3, vectors)                                                                                          \
    CK_QUADS_CASE(4, vectors)                                                                                          \
    CK_QUADS_CASE(5, vectors)                                                                                          \
    CK_QUADS_CASE(6, vectors)

static void ck_tile_quads(
    int32_t *c, const void *const *a, const void *b, ptrdiff_t groups, ptrdiff_t c_stride, int rows, int columns,
    bool accumulate) {
    switch (rows * 8 + columns / 16) {
        CK_QUADS_CASES(1)
        CK_QUADS_CASES(2)
        CK_QUADS_CASES(3)
        CK_QUADS_CASES(4)
    }
}

#define CK_INT8_VNNI_TABLE                                                                                             \
    {                                                                                                                  \
        .activation_size = 1,                                                                                          \
        .offset = 128,                                                                                                 \
        .quantize = ck_quantize_bytes,                                                                                 \
        .widen = NULL,                                                                                                 \
        .tile = ck_tile_quads,                                                                                         \
        .dequantize = ck_dequantize,                                                                                   \
    }

#endif
