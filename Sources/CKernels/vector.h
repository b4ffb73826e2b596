// SPDX-License-Identifier: Apache-2.0

// Vectors of CK_LANES float32, written once for every instruction set: a file that includes this defines CK_LANES
// (4, 8 or 16) and, where the processor has one, CK_FUSED 1 for the fused multiply-add, under
// `#pragma clang attribute` with the target it compiles for.

#ifndef CK_VECTOR_H
#define CK_VECTOR_H

#include "include/ck_common.h"

typedef float ck_vec __attribute__((ext_vector_type(CK_LANES)));
typedef int32_t ck_vec_i32 __attribute__((ext_vector_type(CK_LANES)));
typedef uint32_t ck_vec_u32 __attribute__((ext_vector_type(CK_LANES)));
typedef uint16_t ck_vec_u16 __attribute__((ext_vector_type(CK_LANES)));
// The same of any alignment, for memory: tensors in a mapped file start where they start.
typedef float ck_mem __attribute__((ext_vector_type(CK_LANES), aligned(1)));
typedef uint32_t ck_mem_u32 __attribute__((ext_vector_type(CK_LANES), aligned(1)));
typedef uint16_t ck_mem_u16 __attribute__((ext_vector_type(CK_LANES), aligned(1)));

CK_INLINE ck_vec ck_splat(float value) {
    return (ck_vec)(value);
}

/// a * b + c, with one rounding where the processor can.
CK_INLINE ck_vec ck_fma(ck_vec a, ck_vec b, ck_vec c) {
#if CK_FUSED
    return __builtin_elementwise_fma(a, b, c);
#else
    return a * b + c;
#endif
}

/// mask ? a : b; a mask is what comparing two vectors gives.
CK_INLINE ck_vec ck_select(ck_vec_i32 mask, ck_vec a, ck_vec b) {
    return mask ? a : b;
}

CK_INLINE ck_vec ck_load_f32(const float *in) {
    return *(const ck_mem *)in;
}

CK_INLINE void ck_store_f32(float *out, ck_vec value) {
    *(ck_mem *)out = value;
}

CK_INLINE ck_vec ck_load_bf16(const uint16_t *in) {
    ck_vec_u16 half = *(const ck_mem_u16 *)in;
    return (ck_vec)(__builtin_convertvector(half, ck_vec_u32) << 16);
}

/// The bits of the bfloat16 nearest to each lane, ties to even; a NaN stays one.
CK_INLINE ck_vec_u32 ck_bf16_bits(ck_vec value) {
    ck_vec_u32 bits = (ck_vec_u32)value;
    ck_vec_u32 rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    return value == value ? rounded : (bits >> 16 | 0x40);
}

CK_INLINE void ck_store_bf16(uint16_t *out, ck_vec value) {
    *(ck_mem_u16 *)out = __builtin_convertvector(ck_bf16_bits(value), ck_vec_u16);
}

/// Pairs of bfloat16, the lanes of `first` before those of `second`.
CK_INLINE ck_vec_u32 ck_pair_bf16(ck_vec first, ck_vec second) {
    return ck_bf16_bits(first) | ck_bf16_bits(second) << 16;
}

/// Element `index` and the next ones of an array of float32 or bfloat16.
CK_INLINE ck_vec ck_load(const void *in, ptrdiff_t index, ck_type type) {
    return type == CK_BF16 ? ck_load_bf16((const uint16_t *)in + index) : ck_load_f32((const float *)in + index);
}

CK_INLINE void ck_store(void *out, ptrdiff_t index, ck_vec value, ck_type type) {
    if (type == CK_BF16) {
        ck_store_bf16((uint16_t *)out + index, value);
    } else {
        ck_store_f32((float *)out + index, value);
    }
}

/// The first `count` elements; the other lanes are 0.
CK_INLINE ck_vec ck_load_part(const void *in, ptrdiff_t index, int count, ck_type type) {
    float lanes[CK_LANES] = {0};
    for (int i = 0; i < count; i++) {
        if (type == CK_BF16) {
            lanes[i] = ck_f32_from_bf16(((const uint16_t *)in)[index + i]);
        } else {
            lanes[i] = ((const float *)in)[index + i];
        }
    }
    return ck_load_f32(lanes);
}

CK_INLINE void ck_store_part(void *out, ptrdiff_t index, ck_vec value, int count, ck_type type) {
    float lanes[CK_LANES];
    ck_store_f32(lanes, value);
    for (int i = 0; i < count; i++) {
        if (type == CK_BF16) {
            ((uint16_t *)out)[index + i] = ck_bf16_from_f32(lanes[i]);
        } else {
            ((float *)out)[index + i] = lanes[i];
        }
    }
}

/// e^x to 1 ulp or so; below -87.3 the result stays at 1.2e-38, above 88 at 1.7e38. NaN gives NaN.
CK_INLINE ck_vec ck_exp(ck_vec x) {
    x = ck_select(x < ck_splat(-87.33f), ck_splat(-87.33f), x);
    x = ck_select(x > ck_splat(88.0f), ck_splat(88.0f), x);
    // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
    const ck_vec magic = ck_splat(12582912.0f);
    ck_vec shifted = ck_fma(x, ck_splat(1.44269504f), magic);
    ck_vec n = shifted - magic;
    ck_vec_i32 exponent = (ck_vec_i32)shifted - (ck_vec_i32)magic;
    // ln 2 in two parts, of which the first has few enough bits that n times it is exact.
    ck_vec r = ck_fma(n, ck_splat(-0.693359375f), x);
    r = ck_fma(n, ck_splat(2.12194440e-4f), r);
    // The Taylor series to r^7 is within 1e-8 for |r| <= ln 2 / 2.
    ck_vec p = ck_splat(1.0f / 5040);
    p = ck_fma(p, r, ck_splat(1.0f / 720));
    p = ck_fma(p, r, ck_splat(1.0f / 120));
    p = ck_fma(p, r, ck_splat(1.0f / 24));
    p = ck_fma(p, r, ck_splat(1.0f / 6));
    p = ck_fma(p, r, ck_splat(0.5f));
    p = ck_fma(p, r, ck_splat(1.0f));
    p = ck_fma(p, r, ck_splat(1.0f));
    return p * (ck_vec)((exponent + 127) << 23);
}

/// x * sigmoid(x).
CK_INLINE ck_vec ck_silu(ck_vec x) {
    return x / (ck_splat(1.0f) + ck_exp(-x));
}

/// The standard normal distribution function to 3e-8.
///
/// For t >= 0, 2 Φ(-t) = erfc(t / √2) = exp(-q(t)) with a smooth q: a polynomial fitted to -log erfc on 0...6,
/// weighted for the least absolute error of Φ; beyond, Φ(-t) is under 1e-9 and q keeps growing.
CK_INLINE ck_vec ck_normal_cdf(ck_vec x) {
    ck_vec t = ck_select(x < ck_splat(0.0f), -x, x);
    ck_vec q = ck_splat(1.7730367e-6f);
    q = ck_fma(q, t, ck_splat(-2.5335783e-5f));
    q = ck_fma(q, t, ck_splat(1.2122891e-4f));
    q = ck_fma(q, t, ck_splat(1.1051877e-4f));
    q = ck_fma(q, t, ck_splat(-4.9124304e-3f));
    q = ck_fma(q, t, ck_splat(3.6396459e-2f));
    q = ck_fma(q, t, ck_splat(3.1829670e-1f));
    q = ck_fma(q, t, ck_splat(7.9788548e-1f));
    ck_vec tail = ck_splat(0.5f) * ck_exp(-q * t);
    return ck_select(x < ck_splat(0.0f), tail, ck_splat(1.0f) - tail);
}

/// x * Φ(x).
CK_INLINE ck_vec ck_gelu(ck_vec x) {
    return x * ck_normal_cdf(x);
}

#endif
