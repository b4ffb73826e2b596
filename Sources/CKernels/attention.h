// SPDX-License-Identifier: Apache-2.0

// Attention, from vectors of any width: see ck_attention.h. Sums are float32; a query's arithmetic does not depend on the
// queries beside it, and its keys come in blocks of a fixed size.

#ifndef CK_ATTENTION_KERNELS_H
#define CK_ATTENTION_KERNELS_H

#include "attention_packing.h"
#include "include/ck_attention.h"
#include "lanes.h"
#include "vector.h"

// Keys between two corrections of the running maximum. It is part of the result: another size gives other bits.
#define CK_ATTENTION_KEYS 256
// Scores of a tile lie this far apart, so that rows do not compete for the same cache lines.
#define CK_SCORE_STRIDE (CK_ATTENTION_KEYS + 16)
// Rows of a tile, as whole vectors.
#define CK_PADDED_ROWS ((CK_ATTENTION_ROWS + CK_LANES - 1) / CK_LANES * CK_LANES)
_Static_assert(CK_ATTENTION_ROWS * CK_SCORE_STRIDE <= CK_ATTENTION_SCORES, "a tile of scores fits into the scratch");

#define CK_MINUS_INFINITY (-__builtin_inff())

// MARK: Arithmetic

/// 2^n for x = n + r with |r| <= 1/2, and r, of x <= 1; below -126.5 the power is 0.
CK_INLINE ck_vec ck_whole_power(ck_vec x, ck_vec *r) {
    x = ck_select(x < ck_splat(-127.0f), ck_splat(-127.0f), x);
    // Adding 1.5 * 2^23 rounds to an integer n and leaves it in the low bits.
    const ck_vec magic = ck_splat(12582912.0f);
    const ck_vec shifted = x + magic;
    *r = x - (shifted - magic);
    return (ck_vec)(((ck_vec_i32)shifted << 23) + (127 << 23));
}

/// 2^x for x <= 1, to 1e-7 of itself; below -126.5 it is 0.
CK_INLINE ck_vec ck_exp2(ck_vec x) {
    ck_vec r;
    const ck_vec power = ck_whole_power(x, &r);
    // A minimax polynomial of 2^r.
    ck_vec p = ck_splat(1.5345811e-4f);
    p = ck_fma(p, r, ck_splat(1.3399931e-3f));
    p = ck_fma(p, r, ck_splat(9.6184890e-3f));
    p = ck_fma(p, r, ck_splat(5.5503288e-2f));
    p = ck_fma(p, r, ck_splat(2.4022647e-1f));
    p = ck_fma(p, r, ck_splat(6.9314721e-1f));
    p = ck_fma(p, r, ck_splat(1.0f));
    return p * power;
}

/// 2^x for x <= 1, to 8e-5 of itself: a fiftieth of a bfloat16's last digit.
CK_INLINE ck_vec ck_exp2_coarse(ck_vec x) {
#if CK_PAIRS
    // What is left after rounding down, and 2 to the power of the rest, are an instruction each.
    const ck_vec r = _mm512_reduce_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
    ck_vec p = ck_splat(7.80243623e-2f);
    p = ck_fma(p, r, ck_splat(2.26067308e-1f));
    p = ck_fma(p, r, ck_splat(6.95833522e-1f));
    p = ck_fma(p, r, ck_splat(9.99925215e-1f));
    return _mm512_scalef_ps(p, x);
#else
    ck_vec r;
    const ck_vec power = ck_whole_power(x, &r);
    ck_vec p = ck_splat(5.5171669e-2f);
    p = ck_fma(p, r, ck_splat(2.4261112e-1f));
    p = ck_fma(p, r, ck_splat(6.9326099e-1f));
    p = ck_fma(p, r, ck_splat(9.9992807e-1f));
    return p * power;
#endif
}

/// sum + a word times a word, in each lane.
CK_INLINE ck_vec ck_multiply(ck_vec a, ck_vec b, ck_vec sum, const ck_type type) {
#if CK_PAIRS
    if (type == CK_BF16) return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
#endif
    (void)type;
    return ck_fma(a, b, sum);
}

/// Stores weights as the elements of words.
CK_INLINE void ck_store_weights(float *row, ptrdiff_t index, ck_vec weights, const ck_type type) {
#if CK_PAIRS
    if (type == CK_BF16) {
        const __m256bh halves = _mm512_cvtneps_pbh(weights);
        memcpy((uint16_t *)row + index, &halves, sizeof halves);
        return;
    }
#endif
    (void)type;
    ck_store_f32(row + index, weights);
}

// MARK: Tiles

/// scores[rows][vectors] = a tile's queries · one panel of keys; `rows` and `vectors` are constants where this is called.
CK_INLINE void ck_score_tile(
    float *restrict scores, const float *restrict queries, const float *restrict panel, ptrdiff_t words,
    const int rows, const int vectors, const ck_type type) {
    ck_vec sum[CK_ATTENTION_ROWS][CK_ATTENTION_VECTORS];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) sum[i][j] = ck_splat(0);
    }
    for (ptrdiff_t start = 0; start < words; start += 16) {
        const ptrdiff_t count = ck_smaller(16, words - start);
        for (ptrdiff_t k = 0; k < count; k++) {
            ck_vec column[CK_ATTENTION_VECTORS];
#pragma clang loop unroll(full)
            for (int j = 0; j < vectors; j++) column[j] = ck_load_f32(panel + j * CK_LANES);
#pragma clang loop unroll(full)
            for (int i = 0; i < rows; i++) {
                const ck_vec value = ck_splat(queries[i * 16 + k]);
#pragma clang loop unroll(full)
                for (int j = 0; j < vectors; j++) sum[i][j] = ck_multiply(value, column[j], sum[i][j], type);
            }
            panel += vectors * CK_LANES;
        }
        queries += 16 * CK_ATTENTION_ROWS;
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) ck_store_f32(scores + i * CK_SCORE_STRIDE + j * CK_LANES, sum[i][j]);
    }
}

/// output[rows][vectors] = output * correction + weights · one panel of values.
CK_INLINE void ck_value_tile(
    float *restrict output, const float *restrict weights, const float *restrict panel,
    const float *restrict correction, ptrdiff_t words, ptrdiff_t output_stride, const int rows, const int vectors,
    const ck_type type) {
    ck_vec sum[CK_ATTENTION_ROWS][CK_ATTENTION_VECTORS];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) {
            sum[i][j] = ck_load_f32(output + i * output_stride + j * CK_LANES) * ck_splat(correction[i]);
        }
    }
    for (ptrdiff_t k = 0; k < words; k++) {
        ck_vec column[CK_ATTENTION_VECTORS];
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) column[j] = ck_load_f32(panel + j * CK_LANES);
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) {
            const ck_vec value = ck_splat(weights[i * CK_SCORE_STRIDE + k]);
#pragma clang loop unroll(full)
            for (int j = 0; j < vectors; j++) sum[i][j] = ck_multiply(value, column[j], sum[i][j], type);
        }
        panel += vectors * CK_LANES;
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) ck_store_f32(output + i * output_stride + j * CK_LANES, sum[i][j]);
    }
}

/// The largest of a query's scores.
CK_INLINE float ck_largest_score(const float *restrict scores, ptrdiff_t keys) {
    ck_vec most = ck_load_f32(scores);
    for (ptrdiff_t k = CK_LANES; k < keys; k += CK_LANES) {
        const ck_vec next = ck_load_f32(scores + k);
        most = ck_select(most > next, most, next);
    }
    return ck_largest_lane(most);
}

/// Turns a query's scores into weights relative to `peak`, in units of log2, and gives their sum.
CK_INLINE float ck_weigh(float *restrict scores, float peak, ptrdiff_t keys, float scale, const ck_type type) {
    ck_vec sum = ck_splat(0);
    for (ptrdiff_t k = 0; k < keys; k += CK_LANES) {
        const ck_vec power = ck_fma(ck_load_f32(scores + k), ck_splat(scale), ck_splat(-peak));
        const ck_vec weight = type == CK_BF16 ? ck_exp2_coarse(power) : ck_exp2(power);
        // In place: words of pairs never get ahead of the scores still to be read.
        ck_store_weights(scores, k, weight, type);
        sum += weight;
    }
    return ck_sum_lanes(sum);
}

// MARK: The whole

/// Queries that have been seen with some of their keys: where the sums of a call lie in its scratch.
typedef struct ck_attention_state {
    /// From ck_pack_queries.
    float *queries;
    /// [queries][padded head_size], to be divided by `total`.
    float *output;
    float *largest;
    float *total;
    /// [CK_ATTENTION_ROWS][CK_SCORE_STRIDE].
    float *scores;
} ck_attention_state;

CK_INLINE ck_attention_state ck_attention_layout(float *scratch, ptrdiff_t head_size) {
    const ptrdiff_t elements = CK_ATTENTION_QUERIES * ck_attention_padded(head_size);
    return (ck_attention_state){
        .queries = scratch,
        .output = scratch + elements,
        .largest = scratch + 2 * elements,
        .total = scratch + 2 * elements + CK_ATTENTION_QUERIES,
        .scores = scratch + 2 * elements + 2 * CK_ATTENTION_QUERIES,
    };
}

/// One tile against the keys `first_key` to `first_key + width`, a multiple of 16; `rows` is a constant.
CK_INLINE void ck_attend_tile(
    const ck_attention *restrict a, const ck_attention_state *restrict state, ptrdiff_t query, ptrdiff_t first_key,
    ptrdiff_t width, const int rows, const ck_type type) {
    const ptrdiff_t padded_keys = ck_attention_padded(a->key_count);
    const ptrdiff_t words = ck_words(a->head_size, type);
    const float *queries = state->queries + query * ck_attention_padded(words);
    float *scores = state->scores;
    for (ptrdiff_t k = 0; k < width; k += CK_ATTENTION_COLUMNS) {
        const float *panel = a->keys + (first_key + k) * words;
        if (padded_keys - first_key - k >= CK_ATTENTION_COLUMNS) {
            ck_score_tile(scores + k, queries, panel, words, rows, CK_ATTENTION_VECTORS, type);
        } else {
            ck_score_tile(scores + k, queries, panel, words, rows, 1, type);
        }
    }

    // The running maximum of each query, in units of log2, and what sums relative to the one before are multiplied by.
    const float scale = a->scale * 1.44269504f;
    float *largest = state->largest + query, *total = state->total + query;
    float peak[CK_ATTENTION_ROWS], correction[CK_PADDED_ROWS] = {0};
    for (int i = 0; i < rows; i++) {
        float *row = scores + i * CK_SCORE_STRIDE;
        // Padding and what is later than the query are left out before the maximum is taken.
        const ptrdiff_t seen = a->causal ? a->first_query + query + i + 1 : a->key_count;
        const ptrdiff_t visible = ck_smaller(seen, a->key_count) - first_key;
        for (ptrdiff_t k = visible > 0 ? visible : 0; k < width; k++) row[k] = CK_MINUS_INFINITY;
        const float most = ck_largest_score(row, width) * scale;
        peak[i] = most < largest[i] ? largest[i] : most;
        correction[i] = largest[i] - peak[i];
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i += CK_LANES) ck_store_f32(correction + i, ck_exp2(ck_load_f32(correction + i)));
    for (int i = 0; i < rows; i++) {
        const float sum = ck_weigh(scores + i * CK_SCORE_STRIDE, peak[i], width, scale, type);
        total[i] = total[i] * correction[i] + sum;
        largest[i] = peak[i];
    }

    const ptrdiff_t channels = ck_attention_padded(a->head_size);
    float *output = state->output + query * channels;
    const ptrdiff_t all_words = ck_words(padded_keys, type);
    const ptrdiff_t first_word = ck_words(first_key, type);
    const ptrdiff_t key_words = ck_words(width, type);
    for (ptrdiff_t channel = 0; channel < channels; channel += CK_ATTENTION_COLUMNS) {
        const ptrdiff_t columns = ck_smaller(CK_ATTENTION_COLUMNS, channels - channel);
        const float *panel = a->values + channel * all_words + first_word * columns;
        if (columns == CK_ATTENTION_COLUMNS) {
            ck_value_tile(
                output + channel, scores, panel, correction, key_words, channels, rows, CK_ATTENTION_VECTORS, type);
        } else {
            ck_value_tile(output + channel, scores, panel, correction, key_words, channels, rows, 1, type);
        }
    }
}

CK_INLINE void ck_attend_of(const ck_attention *restrict a, const ck_type type) {
    const ptrdiff_t channels = ck_attention_padded(a->head_size);
    const ck_attention_state state = ck_attention_layout(a->scratch, a->head_size);
    ck_pack_queries(state.queries, a, type);
    for (ptrdiff_t i = 0; i < CK_ATTENTION_QUERIES * channels; i++) state.output[i] = 0;
    for (ptrdiff_t i = 0; i < CK_ATTENTION_QUERIES; i++) {
        state.largest[i] = CK_MINUS_INFINITY;
        state.total[i] = 0;
    }

    for (ptrdiff_t key = 0; key < a->key_count; key += CK_ATTENTION_KEYS) {
        for (ptrdiff_t query = 0; query < a->queries; query += CK_ATTENTION_ROWS) {
            const ptrdiff_t rows = ck_smaller(CK_ATTENTION_ROWS, a->queries - query);
            const ptrdiff_t seen = a->causal ? a->first_query + query + rows : a->key_count;
            const ptrdiff_t left = ck_smaller(seen, a->key_count) - key;
            if (left <= 0) continue;
            const ptrdiff_t width = ck_attention_padded(ck_smaller(left, CK_ATTENTION_KEYS));
            if (rows > CK_ATTENTION_ROWS * 2 / 3) {
                ck_attend_tile(a, &state, query, key, width, CK_ATTENTION_ROWS, type);
            } else if (rows > CK_ATTENTION_ROWS / 3) {
                ck_attend_tile(a, &state, query, key, width, CK_ATTENTION_ROWS * 2 / 3, type);
            } else {
                ck_attend_tile(a, &state, query, key, width, CK_ATTENTION_ROWS / 3, type);
            }
        }
    }

    for (ptrdiff_t query = 0; query < a->queries; query++) {
        const ck_vec total = ck_splat(state.total[query]);
        for (ptrdiff_t channel = 0; channel < a->head_size; channel += CK_LANES) {
            const ck_vec value = ck_load_f32(state.output + query * channels + channel) / total;
            const ptrdiff_t left = a->head_size - channel;
            if (left >= CK_LANES) {
                ck_store(a->output, query * a->stride + channel, value, type);
            } else {
                ck_store_part(a->output, query * a->stride + channel, value, (int)left, type);
            }
        }
    }
}

static void ck_attend(const ck_attention *attention) {
    if (attention->type == CK_BF16) {
        ck_attend_of(attention, CK_BF16);
    } else {
        ck_attend_of(attention, CK_F32);
    }
}

#endif
