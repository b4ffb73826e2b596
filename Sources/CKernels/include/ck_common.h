// SPDX-License-Identifier: Apache-2.0

// What every kernel shares: the instruction sets there are code paths for, and the bfloat16 format.

#ifndef CK_COMMON_H
#define CK_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#define CK_X86 1
#else
#define CK_X86 0
#endif

#define CK_INLINE static inline __attribute__((always_inline, unused))

CK_INLINE ptrdiff_t ck_smaller(ptrdiff_t a, ptrdiff_t b) {
    return a < b ? a : b;
}

/// Bytes rounded up to whole cache lines.
CK_INLINE ptrdiff_t ck_whole_lines(ptrdiff_t bytes) {
    return (bytes + 63) / 64 * 64;
}

/// A code path. Later ones need everything that earlier ones need.
typedef enum ck_isa {
    /// The baseline with the bfloat16 dot product spelt out: the reference of CK_AVX512_BF16, never the fastest.
    CK_PORTABLE_BF16 = -1,
    /// What the compiler's baseline has: SSE2 on x86-64, NEON on arm64.
    CK_PORTABLE = 0,
    /// AVX2, FMA and F16C.
    CK_AVX2 = 1,
    /// AVX-512 F, BW, DQ and VL; bfloat16 is widened to float32.
    CK_AVX512 = 2,
    /// AVX-512 with the dot products of bfloat16 and, VNNI, of 8-bit integers.
    CK_AVX512_BF16 = 3,
} ck_isa;

/// The widest path this processor can run, whether it is the fastest or not.
ck_isa ck_widest_isa(void);

/// The fastest path on this processor.
///
/// Intel's cores without matrix tiles execute one 512-bit bfloat16 dot product where they execute four float32
/// multiply-adds, so widening is twice as fast there; AMD's execute both at one rate.
ck_isa ck_detect_isa(void);

/// Element types of arrays that are packed or converted.
typedef enum ck_type {
    CK_F32 = 0,
    CK_BF16 = 1,
    CK_F16 = 2,
    /// 8-bit integers of packed weights: see ck_int8.h.
    CK_S8 = 3,
} ck_type;

/// What is applied to each element of a result; see `Activation` in the Tensor module.
typedef enum ck_activation {
    CK_NONE = 0,
    CK_SILU = 1,
    CK_GELU = 2,
    CK_GEGLU = 3,
} ck_activation;

/// Bytes of one element.
CK_INLINE ptrdiff_t ck_element_size(ck_type type) {
    switch (type) {
    case CK_F32: return 4;
    case CK_S8: return 1;
    default: return 2;
    }
}

CK_INLINE float ck_float_from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

CK_INLINE uint32_t ck_bits_from_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

CK_INLINE float ck_f32_from_bf16(uint16_t value) {
    return ck_float_from_bits((uint32_t)value << 16);
}

/// Rounds to nearest, ties to even; a NaN stays one.
CK_INLINE uint16_t ck_bf16_from_f32(float value) {
    uint32_t bits = ck_bits_from_float(value);
    if ((bits & 0x7fffffff) > 0x7f800000) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

#endif
