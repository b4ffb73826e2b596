// SPDX-License-Identifier: Apache-2.0

// The kernels for the compiler's baseline: SSE2 on x86-64, NEON on arm64.

#include "kernels.h"

#if CK_X86
#include <immintrin.h>
#endif

#define CK_LANES 4
#if defined(__aarch64__)
#define CK_FUSED 1
#else
#define CK_FUSED 0
#endif

#include "finish.h"
#include "int8.h"
#include "tile.h"
#include "widen.h"
#include "winograd.h"

/// The dot product of AVX-512 BF16 as its definition has it, but for subnormals, which that flushes to zero: of each pair
/// the second product is added first.
static void ck_tile_bf16_reference(
    float *c, const uint16_t *const *a, const uint16_t *b, ptrdiff_t k, ptrdiff_t c_stride, int rows, int columns,
    bool accumulate) {
    for (int i = 0; i < rows; i++) {
        float *sums = c + i * c_stride;
        if (!accumulate) memset(sums, 0, (size_t)columns * sizeof *sums);
        for (ptrdiff_t p = 0; p < k; p += 2) {
            const float first = ck_f32_from_bf16(a[i][p]);
            const float second = p + 1 < k ? ck_f32_from_bf16(a[i][p + 1]) : 0;
            for (int j = 0; j < columns; j++) {
                const uint16_t *pair = b + p * columns + 2 * j;
                sums[j] += second * ck_f32_from_bf16(pair[1]);
                sums[j] += first * ck_f32_from_bf16(pair[0]);
            }
        }
    }
}

const ck_kernels ck_kernels_portable = CK_KERNELS_TABLE(CK_PORTABLE, NULL);
const ck_kernels ck_kernels_portable_bf16 = CK_KERNELS_TABLE(CK_PORTABLE_BF16, ck_tile_bf16_reference);

const ck_int8_kernels ck_int8_portable = CK_INT8_WIDENING_TABLE;
