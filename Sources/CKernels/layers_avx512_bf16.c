// SPDX-License-Identifier: Apache-2.0

// Attention, normalisation and elementwise kernels for AVX-512 with the bfloat16 dot product.

#include "layers.h"

#if CK_X86
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma"))), apply_to = function)

#define CK_LANES 16
#define CK_FUSED 1
#define CK_PAIRS 1

#include "attention.h"
#include "elementwise.h"
#include "normalization.h"

#pragma clang attribute pop

const ck_layers ck_layers_avx512_bf16 = CK_LAYERS_TABLE;
#endif
