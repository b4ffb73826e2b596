// SPDX-License-Identifier: Apache-2.0

// The kernels for AVX2 and FMA.

#include "kernels.h"

#if CK_X86
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#define CK_LANES 8
#define CK_FUSED 1

#include "finish.h"
#include "int8.h"
#include "tile.h"
#include "widen.h"
#include "winograd.h"

#pragma clang attribute pop

const ck_kernels ck_kernels_avx2 = {
    .isa = CK_AVX2,
    .tile_f32 = ck_tile_f32,
    .tile_bf16 = NULL,
    .finish = ck_finish,
    .winograd_input = ck_winograd_input,
    .winograd_weights = ck_winograd_weights,
    .winograd_output = ck_winograd_output,
    .widen_pairs = ck_widen_pairs,
    .f32_from_bf16 = ck_widen_bf16,
    .f32_from_f16 = ck_widen_f16,
    .bf16_from_f32 = ck_narrow_bf16,
};

const ck_int8_kernels ck_int8_avx2 = CK_INT8_WIDENING_TABLE;
#endif
