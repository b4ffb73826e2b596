// SPDX-License-Identifier: Apache-2.0

// Attention, normalisation and elementwise kernels for AVX-512.

#include "layers.h"

#if CK_X86
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)

#define CK_LANES 16
#define CK_FUSED 1

#include "attention.h"
#include "elementwise.h"
#include "normalization.h"

#pragma clang attribute pop

const ck_layers ck_layers_avx512 = CK_LAYERS_TABLE;
#endif
