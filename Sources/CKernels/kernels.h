// SPDX-License-Identifier: Apache-2.0

// The tables of kernels, one for each path.

#ifndef CK_KERNELS_H
#define CK_KERNELS_H

#include "include/ck_int8.h"

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
