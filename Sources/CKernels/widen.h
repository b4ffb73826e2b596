// SPDX-License-Identifier: Apache-2.0

// Conversions between element types: see `ck_kernels` in ck_gemm.h.

#ifndef CK_WIDEN_H
#define CK_WIDEN_H

#include "vector.h"

static void ck_widen_pairs(float *restrict out, const uint16_t *restrict in, ptrdiff_t pairs, ptrdiff_t columns) {
    for (ptrdiff_t p = 0; p < pairs; p++) {
        for (ptrdiff_t j = 0; j < columns; j += CK_LANES) {
            ck_vec_u32 pair = *(const ck_mem_u32 *)(in + 2 * j);
            ck_store_f32(out + j, (ck_vec)(pair << 16));
            ck_store_f32(out + columns + j, (ck_vec)(pair & 0xffff0000));
        }
        in += 2 * columns;
        out += 2 * columns;
    }
}

/// Reads one element of any alignment.
CK_INLINE uint16_t ck_load_u16(const uint16_t *in) {
    uint16_t value;
    memcpy(&value, in, sizeof value);
    return value;
}

static void ck_widen_bf16(float *restrict out, const uint16_t *restrict in, ptrdiff_t count) {
    ptrdiff_t i = 0;
    for (; i + CK_LANES <= count; i += CK_LANES) ck_store_f32(out + i, ck_load_bf16(in + i));
    for (; i < count; i++) out[i] = ck_f32_from_bf16(ck_load_u16(in + i));
}

static void ck_narrow_bf16(uint16_t *restrict out, const float *restrict in, ptrdiff_t count) {
    ptrdiff_t i = 0;
    for (; i + CK_LANES <= count; i += CK_LANES) ck_store_bf16(out + i, ck_load_f32(in + i));
    for (; i < count; i++) out[i] = ck_bf16_from_f32(in[i]);
}

/// Half precision: without the sign, the exponent and mantissa are a float32's 13 bits lower, short of the bias
/// between the two; a multiplication repairs that and makes subnormals right on the way.
static void ck_widen_f16(float *restrict out, const uint16_t *restrict in, ptrdiff_t count) {
    ptrdiff_t i = 0;
    for (; i + CK_LANES <= count; i += CK_LANES) {
        ck_vec_u32 half = __builtin_convertvector(*(const ck_mem_u16 *)(in + i), ck_vec_u32);
        ck_vec_u32 magnitude = (half & 0x7fff) << 13;
        ck_vec_u32 finite = (ck_vec_u32)((ck_vec)magnitude * ck_splat(0x1p112f));
        ck_vec_u32 value = magnitude >= (0x7c00u << 13) ? (magnitude | 0x7f800000) : finite;
        ck_store_f32(out + i, (ck_vec)(value | (half & 0x8000) << 16));
    }
    for (; i < count; i++) {
        uint16_t half = ck_load_u16(in + i);
        uint32_t magnitude = (uint32_t)(half & 0x7fff) << 13;
        uint32_t finite = ck_bits_from_float(ck_float_from_bits(magnitude) * 0x1p112f);
        uint32_t value = magnitude >= (0x7c00u << 13) ? (magnitude | 0x7f800000) : finite;
        out[i] = ck_float_from_bits(value | (uint32_t)(half & 0x8000) << 16);
    }
}

#endif
