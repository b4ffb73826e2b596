// SPDX-License-Identifier: Apache-2.0

// The float32 tile kernel, from vectors of any width: see `tile_f32` in ck_gemm.h.

#ifndef CK_TILE_H
#define CK_TILE_H

#include "include/ck_gemm.h"
#include "vector.h"

// Vectors of columns that are summed at once: with 6 rows, as many sums as the registers hold.
#if CK_LANES == 16
#define CK_TILE_VECTORS 4
#else
#define CK_TILE_VECTORS 2
#endif

/// `rows` by `vectors` sums; both are constants where this is called, so every loop over them is unrolled.
CK_INLINE void ck_tile_block(
    float *restrict c, const float *const *restrict a, const float *restrict b, ptrdiff_t k, ptrdiff_t c_stride,
    const int rows, const int vectors, int columns, bool accumulate) {
    ck_vec sum[CK_TILE_ROWS][CK_TILE_VECTORS];
    const float *row[CK_TILE_ROWS];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
        row[i] = a[i];
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) {
            sum[i][j] = accumulate ? ck_load_f32(c + i * c_stride + j * CK_LANES) : ck_splat(0);
        }
    }
    for (ptrdiff_t p = 0; p < k; p++) {
        ck_vec column[CK_TILE_VECTORS];
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) column[j] = ck_load_f32(b + j * CK_LANES);
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) {
            ck_vec value = ck_splat(row[i][p]);
#pragma clang loop unroll(full)
            for (int j = 0; j < vectors; j++) sum[i][j] = ck_fma(value, column[j], sum[i][j]);
        }
        b += columns;
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) ck_store_f32(c + i * c_stride + j * CK_LANES, sum[i][j]);
    }
}

#define CK_TILE_CASE(rows, vectors)                                                         \
    case (rows) * 8 + (vectors):                                                            \
        ck_tile_block(c, a, b, k, c_stride, rows, vectors, columns, accumulate);            \
        return;
#define CK_TILE_CASES(vectors)                                                              \
    CK_TILE_CASE(1, vectors)                                                                \
    CK_TILE_CASE(2, vectors)                                                                \
    CK_TILE_CASE(3, vectors)                                                                \
    CK_TILE_CASE(4, vectors)                                                                \
    CK_TILE_CASE(5, vectors)                                                                \
    CK_TILE_CASE(6, vectors)

static void ck_tile_vectors(
    float *restrict c, const float *const *restrict a, const float *restrict b, ptrdiff_t k, ptrdiff_t c_stride,
    int rows, int vectors, int columns, bool accumulate) {
    switch (rows * 8 + vectors) {
#if CK_LANES == 16
        CK_TILE_CASES(1)
        CK_TILE_CASES(3)
        CK_TILE_CASES(4)
#endif
        CK_TILE_CASES(2)
    }
}

static void ck_tile_f32(
    float *c, const float *const *a, const float *b, ptrdiff_t k, ptrdiff_t c_stride, int rows, int columns,
    bool accumulate) {
#if CK_LANES == 16
    ck_tile_vectors(c, a, b, k, c_stride, rows, columns / CK_LANES, columns, accumulate);
#else
    // Every panel is a multiple of 16 columns, so both narrower vectors divide it in twos.
    for (int j = 0; j < columns; j += 2 * CK_LANES) {
        ck_tile_vectors(c + j, a, b + j, k, c_stride, rows, 2, columns, accumulate);
    }
#endif
}

#endif
