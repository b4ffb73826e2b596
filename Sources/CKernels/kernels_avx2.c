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

const ck_kernels ck_kernels_avx2 = CK_KERNELS_TABLE(CK_AVX2, NULL);

const ck_int8_kernels ck_int8_avx2 = CK_INT8_WIDENING_TABLE;
#endif
