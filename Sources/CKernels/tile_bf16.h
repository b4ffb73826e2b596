// SPDX-License-Identifier: Apache-2.0

// The tile kernel of the AVX-512 bfloat16 dot product: see `tile_bf16` in ck_gemm.h.

#ifndef CK_TILE_BF16_H
#define CK_TILE_BF16_H

#include "include/ck_gemm.h"

/// Adds one pair of k; both counts are constants where this is called.
CK_INLINE void ck_dot_pair(
    __m512 (*sum)[4], const uint32_t *pairs, const uint16_t *b, const int rows, const int vectors) {
    __m512bh column[4];
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) column[j] = (__m512bh)_mm512_loadu_si512(b + 32 * j);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
        __m512bh value = (__m512bh)_mm512_set1_epi32((int)pairs[i]);
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) sum[i][j] = _mm512_dpbf16_ps(sum[i][j], value, column[j]);
    }
}

CK_INLINE void ck_dot_block(
    float *restrict c, const uint16_t *const *restrict a, const uint16_t *restrict b, ptrdiff_t k, ptrdiff_t c_stride,
    const int rows, const int vectors, bool accumulate) {
    __m512 sum[CK_TILE_ROWS][4];
    const uint16_t *row[CK_TILE_ROWS];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
        row[i] = a[i];
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) {
            sum[i][j] = accumulate ? _mm512_loadu_ps(c + i * c_stride + 16 * j) : _mm512_setzero_ps();
        }
    }
    uint32_t pairs[CK_TILE_ROWS];
    ptrdiff_t p = 0;
    for (; p + 2 <= k; p += 2) {
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) memcpy(&pairs[i], row[i] + p, sizeof pairs[i]);
        ck_dot_pair(sum, pairs, b, rows, vectors);
        b += 32 * vectors;
    }
    if (p < k) {
        // The last element has no partner: reading a pair could leave the row's memory.
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) pairs[i] = row[i][p];
        ck_dot_pair(sum, pairs, b, rows, vectors);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) _mm512_storeu_ps(c + i * c_stride + 16 * j, sum[i][j]);
    }
}

#define CK_DOT_CASE(rows, vectors)                                                          \
    case (rows) * 8 + (vectors):                                                            \
        ck_dot_block(c, a, b, k, c_stride, rows, vectors, accumulate);                      \
        return;
#define CK_DOT_CASES(vectors)                                                               \
    CK_DOT_CASE(1, vectors)                                                                 \
    CK_DOT_CASE(2, vectors)                                                                 \
    CK_DOT_CASE(3, vectors)                                                                 \
    CK_DOT_CASE(4, vectors)                                                                 \
    CK_DOT_CASE(5, vectors)                                                                 \
    CK_DOT_CASE(6, vectors)

static void ck_tile_bf16(
    float *c, const uint16_t *const *a, const uint16_t *b, ptrdiff_t k, ptrdiff_t c_stride, int rows, int columns,
    bool accumulate) {
    switch (rows * 8 + columns / 16) {
        CK_DOT_CASES(1)
        CK_DOT_CASES(2)
        CK_DOT_CASES(3)
        CK_DOT_CASES(4)
    }
}

#endif
