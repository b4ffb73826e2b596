// SPDX-License-Identifier: Apache-2.0

// Attention of one head: `softmax(q · kᵀ * scale) · v`, block of keys by block of keys, so that the scores never exist
// as a whole (Dao et al., FlashAttention-2, 2023, section 3.1). Nothing here allocates or knows about threads.

#ifndef CK_ATTENTION_H
#define CK_ATTENTION_H

#include "ck_common.h"

/// The most queries one call takes. Any split into calls at multiples of this gives the same bits.
#define CK_ATTENTION_QUERIES 192

/// Keys and channels are padded with zeros to multiples of this when they are packed.
#define CK_ATTENTION_PAD 16

/// A count of keys or channels with its padding: what sizes are told by and packing goes by.
static inline ptrdiff_t ck_attention_padded(ptrdiff_t count) {
    return (count + CK_ATTENTION_PAD - 1) / CK_ATTENTION_PAD * CK_ATTENTION_PAD;
}

/// Floats of scratch for the scores of a tile.
#define CK_ATTENTION_SCORES (12 * (256 + 16))

/// Some queries of one head, and what they look at.
typedef struct ck_attention {
    /// [queries] rows of head_size elements of `type`, `stride` elements apart.
    void *_Nonnull output;
    /// Like `output`.
    const void *_Nonnull query;
    /// From `pack_keys` and `pack_values`, of the whole head.
    const float *_Nonnull keys;
    const float *_Nonnull values;
    /// ck_attention_scratch floats.
    float *_Nonnull scratch;
    /// 1...CK_ATTENTION_QUERIES.
    ptrdiff_t queries;
    ptrdiff_t key_count;
    ptrdiff_t head_size;
    /// Elements from one token to the next.
    ptrdiff_t stride;
    /// Which token the first query is.
    ptrdiff_t first_query;
    /// A query sees only keys of its own token and earlier ones.
    bool causal;
    float scale;
    /// CK_F32 or CK_BF16.
    ck_type type;
} ck_attention;

/// Floats of one head's packed keys, and as many or fewer of its packed queries.
ptrdiff_t ck_attention_keys_size(ptrdiff_t key_count, ptrdiff_t head_size);
/// Floats of one head's packed values.
ptrdiff_t ck_attention_values_size(ptrdiff_t key_count, ptrdiff_t head_size);
/// Floats of scratch for a call of `attend`.
ptrdiff_t ck_attention_scratch(ptrdiff_t head_size);

/// Attention compiled for one instruction set; packed keys and values are of that set too.
typedef struct ck_attention_kernels {
    /// Packs the head_size first elements of key_count rows, `stride` elements apart.
    void (*_Nonnull pack_keys)(
        float *_Nonnull out, const void *_Nonnull keys, ptrdiff_t key_count, ptrdiff_t head_size, ptrdiff_t stride,
        ck_type type);
    void (*_Nonnull pack_values)(
        float *_Nonnull out, const void *_Nonnull values, ptrdiff_t key_count, ptrdiff_t head_size, ptrdiff_t stride,
        ck_type type);
    void (*_Nonnull attend)(const ck_attention *_Nonnull attention);
} ck_attention_kernels;

/// The kernels of a path that the processor has: `isa <= ck_widest_isa()`.
const ck_attention_kernels *_Nonnull ck_attention_for(ck_isa isa);

#endif
