// SPDX-License-Identifier: Apache-2.0

// Attention, normalisation and elementwise kernels for the compiler's baseline: SSE2 on x86-64, NEON on arm64.

#define CK_LANES 4
#if defined(__aarch64__)
#define CK_FUSED 1
#else
#define CK_FUSED 0
#endif

#include "attention.h"
#include "elementwise.h"
#include "layers.h"
#include "normalization.h"

const ck_layers ck_layers_portable = CK_LAYERS_TABLE;
