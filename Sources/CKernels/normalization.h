// SPDX-License-Identifier: Apache-2.0

// Normalisation, from vectors of any width: see ck_normalization.h.

#ifndef CK_NORMALIZATION_KERNELS_H
#define CK_NORMALIZATION_KERNELS_H

#include "include/ck_normalization.h"
#include "lanes.h"
#include "vector.h"

typedef double ck_mem_f64 __attribute__((ext_vector_type(CK_LANES), aligned(8)));

// Pixels whose sums are float32.
#define CK_SUM_PIXELS 64
// Vectors of channels that are summed at once.
#define CK_SUM_VECTORS 4

CK_INLINE ck_vec ck_load_lanes(const void *in, ptrdiff_t index, const int count, const ck_type type) {
    return count == CK_LANES ? ck_load(in, index, type) : ck_load_part(in, index, count, type);
}

CK_INLINE void ck_store_lanes(void *out, ptrdiff_t index, ck_vec value, const int count, const ck_type type) {
    if (count == CK_LANES) {
        ck_store(out, index, value, type);
    } else {
        ck_store_part(out, index, value, count, type);
    }
}

// MARK: Group normalisation

/// Adds what at most CK_SUM_PIXELS pixels have in `vectors` vectors of channels, or in the `count` first lanes of one.
///
/// The sums are taken relative to the first pixel, so nothing is lost to cancellation where the mean is large: if that
/// pixel is far from the others, it is itself what makes the variance large.
CK_INLINE void ck_add_sums(
    double *restrict sums, const void *restrict x, ptrdiff_t start, ptrdiff_t pixels, ptrdiff_t channels,
    const int vectors, const int count, const ck_type type) {
    ck_vec origin[CK_SUM_VECTORS], sum[CK_SUM_VECTORS], square[CK_SUM_VECTORS];
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) {
        origin[j] = ck_load_lanes(x, start + j * CK_LANES, count, type);
        sum[j] = ck_splat(0);
        square[j] = ck_splat(0);
    }
    for (ptrdiff_t pixel = 1; pixel < pixels; pixel++) {
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) {
            const ck_vec value = ck_load_lanes(x, start + pixel * channels + j * CK_LANES, count, type) - origin[j];
            sum[j] += value;
            square[j] = ck_fma(value, value, square[j]);
        }
    }
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) {
        const ck_vec_f64 o = __builtin_convertvector(origin[j], ck_vec_f64);
        const ck_vec_f64 s = __builtin_convertvector(sum[j], ck_vec_f64);
        const ck_vec_f64 first = s + o * (double)pixels;
        const ck_vec_f64 second = __builtin_convertvector(square[j], ck_vec_f64) + o * (s + first);
        double *out = sums + j * CK_LANES;
        if (count == CK_LANES) {
            *(ck_mem_f64 *)out += first;
            *(ck_mem_f64 *)(out + channels) += second;
        } else {
            for (int i = 0; i < count; i++) {
                out[i] += first[i];
                out[channels + i] += second[i];
            }
        }
    }
}

CK_INLINE void ck_channel_sums_of(
    double *restrict sums, const void *restrict x, ptrdiff_t pixels, ptrdiff_t channels, const ck_type type) {
    for (ptrdiff_t i = 0; i < 2 * channels; i++) sums[i] = 0;
    for (ptrdiff_t pixel = 0; pixel < pixels; pixel += CK_SUM_PIXELS) {
        const ptrdiff_t left = pixels - pixel;
        const ptrdiff_t count = left < CK_SUM_PIXELS ? left : CK_SUM_PIXELS;
        const ptrdiff_t start = pixel * channels;
        ptrdiff_t c = 0;
        for (; c + CK_SUM_VECTORS * CK_LANES <= channels; c += CK_SUM_VECTORS * CK_LANES) {
            ck_add_sums(sums + c, x, start + c, count, channels, CK_SUM_VECTORS, CK_LANES, type);
        }
        for (; c + CK_LANES <= channels; c += CK_LANES) {
            ck_add_sums(sums + c, x, start + c, count, channels, 1, CK_LANES, type);
        }
        if (c < channels) ck_add_sums(sums + c, x, start + c, count, channels, 1, (int)(channels - c), type);
    }
}

static void ck_channel_sums(double *sums, const void *x, ptrdiff_t pixels, ptrdiff_t channels, ck_type type) {
    if (type == CK_BF16) {
        ck_channel_sums_of(sums, x, pixels, channels, CK_BF16);
    } else {
        ck_channel_sums_of(sums, x, pixels, channels, CK_F32);
    }
}

CK_INLINE void ck_normalize_lanes(
    void *restrict out, const void *restrict x, const float *restrict coefficients, ptrdiff_t index,
    ptrdiff_t channels, const int count, const ck_type type, const ck_activation activation) {
    const ck_vec mean = ck_load_lanes(coefficients, 0, count, CK_F32);
    const ck_vec factor = ck_load_lanes(coefficients, channels, count, CK_F32);
    const ck_vec shift = ck_load_lanes(coefficients, 2 * channels, count, CK_F32);
    const ck_vec value = ck_fma(ck_load_lanes(x, index, count, type) - mean, factor, shift);
    ck_store_lanes(out, index, activation == CK_SILU ? ck_silu(value) : value, count, type);
}

CK_INLINE void ck_normalize_of(
    void *restrict out, const void *restrict x, const float *restrict coefficients, ptrdiff_t pixels,
    ptrdiff_t channels, const ck_type type, const ck_activation activation) {
    for (ptrdiff_t pixel = 0; pixel < pixels; pixel++) {
        const ptrdiff_t start = pixel * channels;
        ptrdiff_t c = 0;
        for (; c + CK_LANES <= channels; c += CK_LANES) {
            ck_normalize_lanes(out, x, coefficients + c, start + c, channels, CK_LANES, type, activation);
        }
        if (c < channels) {
            ck_normalize_lanes(out, x, coefficients + c, start + c, channels, (int)(channels - c), type, activation);
        }
    }
}

static void ck_normalize(
    void *out, const void *x, const float *coefficients, ptrdiff_t pixels, ptrdiff_t channels, ck_type type,
    ck_activation activation) {
    if (type == CK_BF16) {
        if (activation == CK_SILU) {
            ck_normalize_of(out, x, coefficients, pixels, channels, CK_BF16, CK_SILU);
        } else {
            ck_normalize_of(out, x, coefficients, pixels, channels, CK_BF16, CK_NONE);
        }
    } else {
        if (activation == CK_SILU) {
            ck_normalize_of(out, x, coefficients, pixels, channels, CK_F32, CK_SILU);
        } else {
            ck_normalize_of(out, x, coefficients, pixels, channels, CK_F32, CK_NONE);
        }
    }
}

// MARK: Layer normalisation

// Sums of a pixel that grow side by side, so that one addition need not wait for the last.
#define CK_LAYER_SUMS 4

/// Ones in the `count` first lanes, zeros in the others.
CK_INLINE ck_vec ck_first_lanes(int count) {
    float lanes[CK_LANES] = {0};
    for (int i = 0; i < count; i++) lanes[i] = 1;
    return ck_load_f32(lanes);
}

/// The sum over a pixel's channels of x - center, or of its square; `present` has a one for each channel of the last,
/// incomplete vector.
CK_INLINE double ck_sum_pixel(
    const void *restrict x, ptrdiff_t start, ptrdiff_t channels, float center, ck_vec present, const bool squared,
    const ck_type type) {
    ck_vec sums[CK_LAYER_SUMS];
#pragma clang loop unroll(full)
    for (int j = 0; j < CK_LAYER_SUMS; j++) sums[j] = ck_splat(0);
    ptrdiff_t c = 0;
    for (; c + CK_LAYER_SUMS * CK_LANES <= channels; c += CK_LAYER_SUMS * CK_LANES) {
#pragma clang loop unroll(full)
        for (int j = 0; j < CK_LAYER_SUMS; j++) {
            const ck_vec value = ck_load(x, start + c + j * CK_LANES, type) - ck_splat(center);
            sums[j] = squared ? ck_fma(value, value, sums[j]) : sums[j] + value;
        }
    }
    for (; c + CK_LANES <= channels; c += CK_LANES) {
        const ck_vec value = ck_load(x, start + c, type) - ck_splat(center);
        sums[0] = squared ? ck_fma(value, value, sums[0]) : sums[0] + value;
    }
    if (c < channels) {
        const ck_vec value = (ck_load_part(x, start + c, (int)(channels - c), type) - ck_splat(center)) * present;
        sums[1] = squared ? ck_fma(value, value, sums[1]) : sums[1] + value;
    }
    return ck_sum_lanes_f64((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

CK_INLINE void ck_layer_of(
    void *restrict out, const void *restrict x, const float *restrict scale, const float *restrict shift,
    ptrdiff_t pixels, ptrdiff_t channels, float epsilon, const ck_type type) {
    const ck_vec present = ck_first_lanes((int)(channels % CK_LANES));
    for (ptrdiff_t pixel = 0; pixel < pixels; pixel++) {
        const ptrdiff_t start = pixel * channels;
        // The mean is taken relative to the first channel, and the variance relative to the mean as a float32; what that
        // lost is corrected in both.
        const float first = type == CK_BF16 ? ck_f32_from_bf16(((const uint16_t *)x)[start]) : ((const float *)x)[start];
        const double mean =
            (double)first + ck_sum_pixel(x, start, channels, first, present, false, type) / (double)channels;
        const float center = (float)mean;
        const double error = mean - (double)center;
        const double square = ck_sum_pixel(x, start, channels, center, present, true, type) / (double)channels;
        const double variance = square - error * error;
        const double factor = 1 / __builtin_sqrt((variance < 0 ? 0 : variance) + (double)epsilon);
        const ck_vec by = ck_splat((float)factor);
        const ck_vec less = ck_splat((float)(-error * factor));

        ptrdiff_t c = 0;
        for (; c + CK_LANES <= channels; c += CK_LANES) {
            const ck_vec value = ck_fma(ck_load(x, start + c, type) - ck_splat(center), by, less);
            ck_store(out, start + c, ck_fma(value, ck_load_f32(scale + c), ck_load_f32(shift + c)), type);
        }
        if (c < channels) {
            const int rest = (int)(channels - c);
            const ck_vec value = ck_fma(ck_load_part(x, start + c, rest, type) - ck_splat(center), by, less);
            const ck_vec factors = ck_load_part(scale, c, rest, CK_F32);
            const ck_vec shifts = ck_load_part(shift, c, rest, CK_F32);
            ck_store_part(out, start + c, ck_fma(value, factors, shifts), rest, type);
        }
    }
}

static void ck_layer(
    void *out, const void *x, const float *scale, const float *shift, ptrdiff_t pixels, ptrdiff_t channels,
    float epsilon, ck_type type) {
    if (type == CK_BF16) {
        ck_layer_of(out, x, scale, shift, pixels, channels, epsilon, CK_BF16);
    } else {
        ck_layer_of(out, x, scale, shift, pixels, channels, epsilon, CK_F32);
    }
}

#endif
