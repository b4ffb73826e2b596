// SPDX-License-Identifier: Apache-2.0

// Attention, normalisation and elementwise kernels for AVX2 and FMA.

#include "layers.h"

#if CK_X86
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define CK_LANES 8
#define CK_FUSED 1

#include "attention.h"
#include "elementwise.h"
#include "normalization.h"

#pragma clang attribute pop

const ck_layers ck_layers_avx2 = CK_LAYERS_TABLE;
#endif
