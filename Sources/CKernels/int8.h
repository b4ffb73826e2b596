// SPDX-License-Identifier: Apache-2.0

// Products of 8-bit integers from vectors of any width: see ck_int8.h.
//
// Without an instruction for four 8-bit products at once, both sides are widened to 16 bits and multiplied in pairs. A
// group of four weights in one 32-bit lane widens without a shuffle to the pairs 0, 2 and 1, 3; activations are stored in
// that order.

#ifndef CK_INT8_KERNELS_H
#define CK_INT8_KERNELS_H

#include "include/ck_int8.h"
#include "vector.h"

typedef int16_t ck_vec_i16 __attribute__((ext_vector_type(CK_LANES)));
typedef int16_t ck_mem_i16 __attribute__((ext_vector_type(CK_LANES), aligned(1)));
typedef uint8_t ck_vec_u8 __attribute__((ext_vector_type(CK_LANES)));
typedef uint8_t ck_mem_u8 __attribute__((ext_vector_type(CK_LANES), aligned(1)));
typedef int32_t ck_mem_i32 __attribute__((ext_vector_type(CK_LANES), aligned(1)));

/// Each lane's two 16-bit products added up.
CK_INLINE ck_vec_i32 ck_multiply_pairs(ck_vec_i32 a, ck_vec_i32 b) {
#if CK_X86 && CK_LANES == 16
    return (ck_vec_i32)_mm512_madd_epi16((__m512i)a, (__m512i)b);
#elif CK_X86 && CK_LANES == 8
    return (ck_vec_i32)_mm256_madd_epi16((__m256i)a, (__m256i)b);
#elif CK_X86
    return (ck_vec_i32)_mm_madd_epi16((__m128i)a, (__m128i)b);
#else
    return (a << 16 >> 16) * (b << 16 >> 16) + (a >> 16) * (b >> 16);
#endif
}

/// The largest magnitude of `count` elements; not a number where one is not.
CK_INLINE float ck_largest_magnitude(const void *in, ptrdiff_t count, const ck_type type) {
    // Magnitudes are ordered as their bits are, with infinity and what is no number at the end.
    ck_vec_u32 largest = (ck_vec_u32)(0);
    for (ptrdiff_t i = 0; i < count; i += CK_LANES) {
        const ptrdiff_t left = count - i;
        const ck_vec value = left >= CK_LANES ? ck_load(in, i, type) : ck_load_part(in, i, (int)left, type);
        const ck_vec_u32 magnitude = (ck_vec_u32)value & 0x7fffffff;
        largest = magnitude > largest ? magnitude : largest;
    }
    uint32_t result = 0;
    for (int i = 0; i < CK_LANES; i++) {
        if (largest[i] > result) result = largest[i];
    }
    return ck_float_from_bits(result);
}

/// The multiples nearest to each lane, ties to even: adding 1.5 * 2^23 leaves them in the low bits.
CK_INLINE ck_vec_i32 ck_quantized(ck_vec value, ck_vec inverse) {
    const ck_vec magic = ck_splat(12582912.0f);
    return (ck_vec_i32)(value * inverse + magic) - (ck_vec_i32)magic;
}

/// Lanes of groups of four in the order 0, 2, 1, 3.
CK_INLINE ck_vec_i32 ck_paired_order(ck_vec_i32 value) {
#if CK_LANES == 16
    return __builtin_shufflevector(value, value, 0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15);
#elif CK_LANES == 8
    return __builtin_shufflevector(value, value, 0, 2, 1, 3, 4, 6, 5, 7);
#else
    return __builtin_shufflevector(value, value, 0, 2, 1, 3);
#endif
}

/// Stores activations as bytes with an offset or as 16-bit integers; `is_byte` is a constant where this is called.
CK_INLINE float ck_quantize_of(void *out, const void *in, ptrdiff_t count, const ck_type type, const bool is_byte) {
    const float largest = ck_largest_magnitude(in, count, type);
    // A row with a value that is not finite gets a scale that is not: its results then are no numbers either.
    const ck_vec inverse = ck_splat(largest > 0 ? 127 / largest : 0);
    const ptrdiff_t padded = ck_int8_depth(count);
    for (ptrdiff_t i = 0; i < padded; i += CK_LANES) {
        const ptrdiff_t left = count - i;
        const ck_vec value = left >= CK_LANES ? ck_load(in, i, type) : ck_load_part(in, i, (int)left, type);
        const ck_vec_i32 multiple = ck_quantized(value, inverse);
        if (is_byte) {
            const ck_vec_u8 bytes = __builtin_convertvector(multiple + 128, ck_vec_u8);
            if (padded - i >= CK_LANES) {
                *(ck_mem_u8 *)((uint8_t *)out + i) = bytes;
            } else {
                memcpy((uint8_t *)out + i, &bytes, (size_t)(padded - i));
            }
        } else {
            const ck_vec_i16 words = __builtin_convertvector(ck_paired_order(multiple), ck_vec_i16);
            if (padded - i >= CK_LANES) {
                *(ck_mem_i16 *)((int16_t *)out + i) = words;
            } else {
                memcpy((int16_t *)out + i, &words, (size_t)(padded - i) * sizeof(int16_t));
            }
        }
    }
    return largest / 127;
}

static float ck_quantize_words(void *out, const void *in, ptrdiff_t count, ck_type type) {
    return type == CK_BF16 ? ck_quantize_of(out, in, count, CK_BF16, false)
                           : ck_quantize_of(out, in, count, CK_F32, false);
}

/// out[2 * groups][columns] of 16-bit pairs = in[groups][columns][4].
static void ck_widen_s8(void *restrict out, const int8_t *restrict in, ptrdiff_t groups, ptrdiff_t columns) {
    int32_t *pairs = out;
    for (ptrdiff_t group = 0; group < groups; group++) {
        for (ptrdiff_t j = 0; j < columns; j += CK_LANES) {
            const ck_vec_i32 four = *(const ck_mem_i32 *)(in + 4 * j);
            // In each half of a lane: the lower byte, then the upper one.
            const ck_vec_i32 low = ((four << 24 >> 24) & 0xffff) | (four << 8 >> 24 << 16);
            const ck_vec_i32 high = ((four << 16 >> 24) & 0xffff) | (four >> 24 << 16);
            *(ck_mem_i32 *)(pairs + j) = low;
            *(ck_mem_i32 *)(pairs + columns + j) = high;
        }
        in += 4 * columns;
        pairs += 2 * columns;
    }
}

// As the float32 tile: so many vectors of columns at once.
#if CK_LANES == 16
#define CK_INT8_VECTORS 4
#else
#define CK_INT8_VECTORS 2
#endif

/// `rows` is a constant where this is called.
CK_INLINE void ck_pairs_block(
    int32_t *restrict c, const void *const *restrict a, const int32_t *restrict b, ptrdiff_t pairs, ptrdiff_t c_stride,
    const int rows, const int vectors, int columns, bool accumulate) {
    ck_vec_i32 sum[CK_TILE_ROWS][CK_INT8_VECTORS];
    const int32_t *row[CK_TILE_ROWS];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
        row[i] = a[i];
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) {
            sum[i][j] = accumulate ? *(const ck_mem_i32 *)(c + i * c_stride + j * CK_LANES) : (ck_vec_i32)(0);
        }
    }
    for (ptrdiff_t p = 0; p < pairs; p++) {
        ck_vec_i32 column[CK_INT8_VECTORS];
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) column[j] = *(const ck_mem_i32 *)(b + j * CK_LANES);
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) {
            const ck_vec_i32 value = (ck_vec_i32)(row[i][p]);
#pragma clang loop unroll(full)
            for (int j = 0; j < vectors; j++) sum[i][j] += ck_multiply_pairs(value, column[j]);
        }
        b += columns;
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) *(ck_mem_i32 *)(c + i * c_stride + j * CK_LANES) = sum[i][j];
    }
}

#define CK_PAIRS_CASE(rows, vectors)                                                                                   \
    case (rows) * 8 + (vectors):                                                                                       \
        ck_pairs_block(c + j, a, (const int32_t *)b + j, 2 * groups, c_stride, rows, vectors, columns, accumulate);    \
        break;
#define CK_PAIRS_CASES(vectors)                                                                                        \
    CK_PAIRS_CASE(1, vectors)                                                                                          \
    CK_PAIRS_CASE(2, vectors)                                                                                          \
    CK_PAIRS_CASE(3, vectors)                                                                                          \
    CK_PAIRS_CASE(4, vectors)                                                                                          \
    CK_PAIRS_CASE(5, vectors)                                                                                          \
    CK_PAIRS_CASE(6, vectors)

static void ck_tile_pairs(
    int32_t *c, const void *const *a, const void *b, ptrdiff_t groups, ptrdiff_t c_stride, int rows, int columns,
    bool accumulate) {
    const int step = CK_LANES == 16 ? columns : 2 * CK_LANES;
    for (int j = 0; j < columns; j += step) {
        switch (rows * 8 + step / CK_LANES) {
#if CK_LANES == 16
            CK_PAIRS_CASES(1)
            CK_PAIRS_CASES(3)
            CK_PAIRS_CASES(4)
#endif
            CK_PAIRS_CASES(2)
        }
    }
}

static void ck_dequantize(
    float *restrict out, const int32_t *restrict sums, float row_scale, const float *restrict column_scales,
    const int32_t *restrict column_sums, int32_t offset, int columns) {
    for (int j = 0; j < columns; j += CK_LANES) {
        const ck_vec_i32 sum = *(const ck_mem_i32 *)(sums + j) - offset * *(const ck_mem_i32 *)(column_sums + j);
        const ck_vec scale = ck_splat(row_scale) * ck_load_f32(column_scales + j);
        ck_store_f32(out + j, __builtin_convertvector(sum, ck_vec) * scale);
    }
}

/// The table of a path that widens to 16 bits.
#define CK_INT8_WIDENING_TABLE                                                                                         \
    {                                                                                                                  \
        .activation_size = 2,                                                                                          \
        .offset = 0,                                                                                                   \
        .quantize = ck_quantize_words,                                                                                 \
        .widen = ck_widen_s8,                                                                                          \
        .tile = ck_tile_pairs,                                                                                         \
        .dequantize = ck_dequantize,                                                                                   \
    }

#endif
