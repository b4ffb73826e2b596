// SPDX-License-Identifier: Apache-2.0

// The engine's arithmetic. Every function works on one thread, on memory that the caller brings.

#ifndef CKERNELS_H
#define CKERNELS_H

#include "ck_attention.h"
#include "ck_common.h"
#include "ck_convolution.h"
#include "ck_elementwise.h"
#include "ck_gemm.h"
#include "ck_int8.h"
#include "ck_normalization.h"
#include "ck_packing.h"
#include "ck_winograd.h"

#endif
