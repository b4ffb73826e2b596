// SPDX-License-Identifier: Apache-2.0

// The tables of kernels, one for each path.

#ifndef CK_KERNELS_H
#define CK_KERNELS_H

#include "include/ck_int8.h"

/// The table of a file that includes the kernels; `bf16` is its bfloat16 tile, or NULL.
#define CK_KERNELS_TABLE(set, bf16)                                                                                    \
    {                                                                                                                  \
        .isa = set,                                                                                                    \
        .tile_f32 = ck_tile_f32,                                                                                       \
        .tile_bf16 = bf16,                                                                                             \
        .finish = ck_finish,                                                                                           \
        .winograd_input = ck_winograd_input,                                                                           \
        .winograd_weights = ck_winograd_weights,                                                                       \
        .winograd_output = ck_winograd_output,                                                                         \
        .widen_pairs = ck_widen_pairs,                                                                                 \
        .f32_from_bf16 = ck_widen_bf16,                                                                                \
        .f32_from_f16 = ck_widen_f16,                                                                                  \
        .bf16_from_f32 = ck_narrow_bf16,                                                                               \
    }

extern const ck_kernels ck_kernels_portable;
extern const ck_kernels ck_kernels_portable_bf16;
extern const ck_int8_kernels ck_int8_portable;
#if CK_X86
extern const ck_int8_kernels ck_int8_avx2;
extern const ck_int8_kernels ck_int8_avx512;
extern const ck_int8_kernels ck_int8_vnni;
extern const ck_kernels ck_kernels_avx2;
extern const ck_kernels ck_kernels_avx512;
extern const ck_kernels ck_kernels_avx512_bf16;
#endif

#endif
