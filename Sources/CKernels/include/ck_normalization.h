// SPDX-License-Identifier: Apache-2.0

// Group and layer normalisation over pixels of contiguous channels. Statistics are float32 sums of few elements relative
// to one of them, and float64 from there on: exact enough however large the mean is beside the deviation.

#ifndef CK_NORMALIZATION_H
#define CK_NORMALIZATION_H

#include "ck_common.h"

/// Normalisation compiled for one instruction set. `type` is CK_F32 or CK_BF16.
typedef struct ck_normalization_kernels {
    /// sums[0][channels] = the sum over pixels of x, sums[1][channels] = that of x².
    void (*_Nonnull channel_sums)(
        double *_Nonnull sums, const void *_Nonnull x, ptrdiff_t pixels, ptrdiff_t channels, ck_type type);

    /// out[pixels][channels] = activation((x - coefficients[0]) * coefficients[1] + coefficients[2]), where each of the
    /// coefficients is [channels] and the activation CK_NONE or CK_SILU.
    void (*_Nonnull normalize)(
        void *_Nonnull out, const void *_Nonnull x, const float *_Nonnull coefficients, ptrdiff_t pixels,
        ptrdiff_t channels, ck_type type, ck_activation activation);

    /// out = (x - mean) / sqrt(variance + epsilon) * scale + shift, with the moments of each pixel's channels.
    void (*_Nonnull layer)(
        void *_Nonnull out, const void *_Nonnull x, const float *_Nonnull scale, const float *_Nonnull shift,
        ptrdiff_t pixels, ptrdiff_t channels, float epsilon, ck_type type);
} ck_normalization_kernels;

/// The kernels of a path that the processor has: `isa <= ck_widest_isa()`.
const ck_normalization_kernels *_Nonnull ck_normalization_for(ck_isa isa);

/// coefficients[3][channels] for `normalize` from the sums of all of a row's pixels, [chunks][2][channels], which are
/// added up in order and in place.
void ck_group_coefficients(
    float *_Nonnull coefficients, double *_Nonnull sums, const float *_Nonnull scale, const float *_Nonnull shift,
    ptrdiff_t chunks, ptrdiff_t pixels, ptrdiff_t channels, ptrdiff_t groups, float epsilon);

#endif
