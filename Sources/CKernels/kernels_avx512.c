// SPDX-License-Identifier: Apache-2.0

// The kernels for AVX-512, with and without the bfloat16 dot product.

#include "kernels.h"

#if CK_X86
#include <immintrin.h>

#define CK_AVX512_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c"

#pragma clang attribute push(__attribute__((target(CK_AVX512_TARGET))), apply_to = function)

#define CK_LANES 16
#define CK_FUSED 1

#include "finish.h"
#include "int8.h"
#include "tile.h"
#include "widen.h"
#include "winograd.h"

#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target(CK_AVX512_TARGET ",avx512bf16,avx512vnni"))), apply_to = function)

#include "int8_vnni.h"
#include "tile_bf16.h"

#pragma clang attribute pop

const ck_kernels ck_kernels_avx512 = CK_KERNELS_TABLE(CK_AVX512, NULL);
const ck_kernels ck_kernels_avx512_bf16 = CK_KERNELS_TABLE(CK_AVX512_BF16, ck_tile_bf16);

const ck_int8_kernels ck_int8_avx512 = CK_INT8_WIDENING_TABLE;
const ck_int8_kernels ck_int8_vnni = CK_INT8_VNNI_TABLE;
#endif
