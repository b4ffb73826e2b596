// SPDX-License-Identifier: Apache-2.0

// The layout of attention's operands, from vectors of any width.
//
// Queries, keys and values are packed as words of 32 bits that are multiplied at once: a float32, to which bfloat16 is
// widened, or, with CK_PAIRS 1, a pair of bfloat16 that a dot product takes.

#ifndef CK_ATTENTION_PACKING_H
#define CK_ATTENTION_PACKING_H

#include "include/ck_attention.h"
#include "vector.h"

// A tile is so many queries by two vectors of keys or channels: as many sums as the registers hold beside those two.
#if CK_LANES == 16
#define CK_ATTENTION_ROWS 12
#else
#define CK_ATTENTION_ROWS 6
#endif
#define CK_ATTENTION_VECTORS 2
#define CK_ATTENTION_COLUMNS (CK_ATTENTION_VECTORS * CK_LANES)
_Static_assert(CK_ATTENTION_QUERIES % CK_ATTENTION_ROWS == 0, "calls end where tiles end");

#ifndef CK_PAIRS
#define CK_PAIRS 0
#endif

/// out[row][0..<CK_LANES] = in[0..<CK_LANES][row], in place.
CK_INLINE void ck_transpose(ck_vec rows[CK_LANES]) {
    // As many perfect shuffles of the whole square as its side has bits.
#pragma clang loop unroll(full)
    for (int side = 1; side < CK_LANES; side *= 2) {
        ck_vec shuffled[CK_LANES];
#pragma clang loop unroll(full)
        for (int i = 0; i < CK_LANES / 2; i++) {
            const ck_vec a = rows[i];
            const ck_vec b = rows[i + CK_LANES / 2];
#if CK_LANES == 16
            shuffled[2 * i] =
                __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            shuffled[2 * i + 1] =
                __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#elif CK_LANES == 8
            shuffled[2 * i] = __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
            shuffled[2 * i + 1] = __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
#else
            shuffled[2 * i] = __builtin_shufflevector(a, b, 0, 4, 1, 5);
            shuffled[2 * i + 1] = __builtin_shufflevector(a, b, 2, 6, 3, 7);
#endif
        }
#pragma clang loop unroll(full)
        for (int i = 0; i < CK_LANES; i++) rows[i] = shuffled[i];
    }
}

/// Elements of a word.
CK_INLINE ptrdiff_t ck_word_size(const ck_type type) {
    return CK_PAIRS && type == CK_BF16 ? 2 : 1;
}

/// Words of `count` elements; the last may lack its second.
CK_INLINE ptrdiff_t ck_words(ptrdiff_t count, const ck_type type) {
    return (count + ck_word_size(type) - 1) / ck_word_size(type);
}

/// CK_LANES words from element `index` on, of which `left` elements exist; zeros follow.
CK_INLINE ck_vec ck_load_words(const void *in, ptrdiff_t index, ptrdiff_t left, const ck_type type) {
    if (ck_word_size(type) == 1) {
        return left >= CK_LANES ? ck_load(in, index, type) : ck_load_part(in, index, (int)left, type);
    }
    const uint16_t *elements = (const uint16_t *)in + index;
    ck_vec words = ck_splat(0);
    memcpy(&words, elements, (size_t)ck_smaller(left, 2 * CK_LANES) * sizeof(uint16_t));
    return words;
}

/// Keys in panels of CK_ATTENTION_COLUMNS, the last one as wide as the padding leaves it: [words of a head][columns] each.
CK_INLINE void ck_pack_keys_of(
    float *restrict out, const void *restrict keys, ptrdiff_t key_count, ptrdiff_t head_size, ptrdiff_t stride,
    const ck_type type) {
    const ptrdiff_t padded = ck_attention_padded(key_count);
    const ptrdiff_t words = ck_words(head_size, type);
    for (ptrdiff_t first = 0; first < padded; first += CK_LANES) {
        const ptrdiff_t panel = first / CK_ATTENTION_COLUMNS * CK_ATTENTION_COLUMNS;
        const ptrdiff_t columns = ck_smaller(CK_ATTENTION_COLUMNS, padded - panel);
        float *lanes = out + panel * words + (first - panel);
        for (ptrdiff_t word = 0; word < words; word += CK_LANES) {
            const ptrdiff_t channel = word * ck_word_size(type);
            ck_vec square[CK_LANES];
#pragma clang loop unroll(full)
            for (int i = 0; i < CK_LANES; i++) {
                square[i] = ck_splat(0);
                if (first + i < key_count) {
                    square[i] = ck_load_words(keys, (first + i) * stride + channel, head_size - channel, type);
                }
            }
            ck_transpose(square);
            const int rows = (int)ck_smaller(CK_LANES, words - word);
            for (int i = 0; i < rows; i++) ck_store_f32(lanes + (word + i) * columns, square[i]);
        }
    }
}

static void ck_pack_keys(
    float *out, const void *keys, ptrdiff_t key_count, ptrdiff_t head_size, ptrdiff_t stride, ck_type type) {
    if (type == CK_BF16) {
        ck_pack_keys_of(out, keys, key_count, head_size, stride, CK_BF16);
    } else {
        ck_pack_keys_of(out, keys, key_count, head_size, stride, CK_F32);
    }
}

/// CK_LANES channels of one key's values, as float32, zero where there are none.
CK_INLINE ck_vec ck_load_values(
    const void *values, ptrdiff_t key, ptrdiff_t key_count, ptrdiff_t channel, ptrdiff_t head_size, ptrdiff_t stride,
    const ck_type type) {
    const ptrdiff_t left = head_size - channel;
    if (key >= key_count || left <= 0) return ck_splat(0);
    if (left >= CK_LANES) return ck_load(values, key * stride + channel, type);
    return ck_load_part(values, key * stride + channel, (int)left, type);
}

/// Values in panels of CK_ATTENTION_COLUMNS channels, the last one as wide as the padding leaves it:
/// [words of the padded keys][columns] each.
CK_INLINE void ck_pack_values_of(
    float *restrict out, const void *restrict values, ptrdiff_t key_count, ptrdiff_t head_size, ptrdiff_t stride,
    const ck_type type) {
    const ptrdiff_t words = ck_words(ck_attention_padded(key_count), type);
    const ptrdiff_t width = ck_attention_padded(head_size);
    for (ptrdiff_t word = 0; word < words; word++) {
        const ptrdiff_t key = word * ck_word_size(type);
        for (ptrdiff_t channel = 0; channel < width; channel += CK_LANES) {
            const ptrdiff_t panel = channel / CK_ATTENTION_COLUMNS * CK_ATTENTION_COLUMNS;
            const ptrdiff_t columns = ck_smaller(CK_ATTENTION_COLUMNS, width - panel);
            ck_vec value = ck_load_values(values, key, key_count, channel, head_size, stride, type);
            if (ck_word_size(type) == 2) {
                // Widened, a bfloat16 is the upper half of its word.
                const ck_vec next = ck_load_values(values, key + 1, key_count, channel, head_size, stride, type);
                value = (ck_vec)((ck_vec_u32)value >> 16 | (ck_vec_u32)next);
            }
            ck_store_f32(out + panel * words + word * columns + (channel - panel), value);
        }
    }
}

static void ck_pack_values(
    float *out, const void *values, ptrdiff_t key_count, ptrdiff_t head_size, ptrdiff_t stride, ck_type type) {
    if (type == CK_BF16) {
        ck_pack_values_of(out, values, key_count, head_size, stride, CK_BF16);
    } else {
        ck_pack_values_of(out, values, key_count, head_size, stride, CK_F32);
    }
}

/// Queries in tiles of CK_ATTENTION_ROWS: [padded words of a head / 16][CK_ATTENTION_ROWS][16] each, rows without a query
/// zero.
CK_INLINE void ck_pack_queries(float *restrict out, const ck_attention *restrict a, const ck_type type) {
    const ptrdiff_t width = ck_attention_padded(ck_words(a->head_size, type));
    const ptrdiff_t tiles = (a->queries + CK_ATTENTION_ROWS - 1) / CK_ATTENTION_ROWS;
    for (ptrdiff_t query = 0; query < tiles * CK_ATTENTION_ROWS; query++) {
        float *row = out + query / CK_ATTENTION_ROWS * CK_ATTENTION_ROWS * width + query % CK_ATTENTION_ROWS * 16;
        for (ptrdiff_t word = 0; word < width; word += CK_LANES) {
            const ptrdiff_t channel = word * ck_word_size(type);
            const ptrdiff_t left = query < a->queries ? a->head_size - channel : 0;
            ck_vec value = ck_splat(0);
            if (left > 0) value = ck_load_words(a->query, query * a->stride + channel, left, type);
            ck_store_f32(row + word / 16 * 16 * CK_ATTENTION_ROWS + word % 16, value);
        }
    }
}

#endif
