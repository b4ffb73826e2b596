// SPDX-License-Identifier: Apache-2.0

// The kernels for the compiler's baseline: SSE2 on x86-64, NEON on arm64.

#define CK_LANES 4
#if defined(__aarch64__)
#define CK_FUSED 1
#else
#define CK_FUSED 0
#endif

#include "finish.h"
#include "kernels.h"
#include "tile.h"
#include "widen.h"

const ck_kernels ck_kernels_portable = {
    .isa = CK_PORTABLE,
    .tile_f32 = ck_tile_f32,
    .tile_bf16 = NULL,
    .finish = ck_finish,
    .widen_pairs = ck_widen_pairs,
    .f32_from_bf16 = ck_widen_bf16,
    .f32_from_f16 = ck_widen_f16,
    .bf16_from_f32 = ck_narrow_bf16,
};
