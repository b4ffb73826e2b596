// SPDX-License-Identifier: Apache-2.0

// Operations on one element at a time. `type` is CK_F32 or CK_BF16.

#ifndef CK_ELEMENTWISE_H
#define CK_ELEMENTWISE_H

#include "ck_common.h"

/// Elementwise operations compiled for one instruction set.
typedef struct ck_elementwise_kernels {
    /// out[count] = activation(x); not CK_GEGLU.
    void (*_Nonnull activate)(
        void *_Nonnull out, const void *_Nonnull x, ptrdiff_t count, ck_type type, ck_activation activation);

    /// out[count] = a + b.
    void (*_Nonnull add)(
        void *_Nonnull out, const void *_Nonnull a, const void *_Nonnull b, ptrdiff_t count, ck_type type);
} ck_elementwise_kernels;

/// The kernels of a path that the processor has: `isa <= ck_widest_isa()`.
const ck_elementwise_kernels *_Nonnull ck_elementwise_for(ck_isa isa);

/// Row y of out[height][width][pixel_size] is made of the pixels [y * from_height / height][x * from_width / width] of
/// `in`, for first_row <= y < first_row + rows; pixel_size is in bytes.
void ck_upsample_nearest(
    void *_Nonnull out, const void *_Nonnull in, ptrdiff_t first_row, ptrdiff_t rows, ptrdiff_t height,
    ptrdiff_t width, ptrdiff_t from_height, ptrdiff_t from_width, ptrdiff_t pixel_size);

/// out[pixels][a_size + b_size] = a[pixels][a_size] and b[pixels][b_size] side by side; sizes in bytes.
void ck_concatenate(
    void *_Nonnull out, const void *_Nonnull a, const void *_Nonnull b, ptrdiff_t pixels, ptrdiff_t a_size,
    ptrdiff_t b_size);

#endif
