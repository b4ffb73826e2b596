// SPDX-License-Identifier: Apache-2.0

// Linear layers of 8-bit weights and activations (W8A8): weights are scaled per output channel once, activations per row
// as they come, both symmetrically to -127...127. Sums are exact integers, so every code path has the same result.

#ifndef CK_INT8_H
#define CK_INT8_H

#include "ck_gemm.h"

/// Products of 8-bit integers, compiled for one instruction set.
///
/// Packed weights are panels of CK_S8 on every path: [ceil(inputs/4)][columns][4]. What activations are stored as, and
/// whether weights are widened before use, is the path's own affair.
typedef struct ck_int8_kernels {
    /// Bytes of a stored activation.
    ptrdiff_t activation_size;
    /// What is added to each activation so that it fits an unsigned type; the sums carry it times the weights' sum.
    int32_t offset;

    /// Stores `count` elements, padded with zeros to a multiple of 4; returns the scale, of which they are multiples,
    /// or something not finite where an element is not.
    float (*_Nonnull quantize)(void *_Nonnull out, const void *_Nonnull in, ptrdiff_t count, ck_type type);

    /// Widens groups of four weights to what `tile` reads, 8 bytes a group; null where that is the packed weights.
    void (*_Nullable widen)(void *_Nonnull out, const int8_t *_Nonnull in, ptrdiff_t groups, ptrdiff_t columns);

    /// c[rows][columns] (+)= sum over the groups of a[row] * b[columns]. rows: 1...6; columns: 16, 32, 48 or 64;
    /// c_stride: elements from one row of c to the next.
    void (*_Nonnull tile)(
        int32_t *_Nonnull c, const void *_Nonnull const *_Nonnull a, const void *_Nonnull b, ptrdiff_t groups,
        ptrdiff_t c_stride, int rows, int columns, bool accumulate);

    /// out[columns] = (sums - offset * column_sums) * (row_scale * column_scales).
    void (*_Nonnull dequantize)(
        float *_Nonnull out, const int32_t *_Nonnull sums, float row_scale, const float *_Nonnull column_scales,
        const int32_t *_Nonnull column_sums, int32_t offset, int columns);
} ck_int8_kernels;

/// The kernels of a path that the processor has: `isa <= ck_widest_isa()`.
const ck_int8_kernels *_Nonnull ck_int8_for(ck_isa isa);

/// A linear layer over quantized rows.
typedef struct ck_int8_product {
    /// [rows][inputs padded to 4] of `activation_size`, and each row's scale: see `quantize`.
    const void *_Nonnull rows;
    const float *_Nonnull row_scales;
    /// Of CK_S8.
    ck_panels panels;
    const void *_Nonnull weights;
    /// [ck_panels_columns]: each packed column's scale, and the sum of its weights.
    const float *_Nonnull column_scales;
    const int32_t *_Nonnull column_sums;
    ck_epilogue epilogue;
} ck_int8_product;

/// Elements of a row of `inputs` activations with its padding.
static inline ptrdiff_t ck_int8_depth(ptrdiff_t inputs) {
    return (inputs + 3) / 4 * 4;
}

/// Packs panels first_panel..<last_panel of a linear layer's weight [outputs][inputs] of `type`, of any alignment, with
/// the scale and the sum of each column. `scratch` is ck_int8_packing_scratch bytes, 64-byte aligned.
void ck_int8_pack(
    const ck_kernels *_Nonnull kernels, void *_Nonnull out, float *_Nonnull column_scales,
    int32_t *_Nonnull column_sums, const void *_Nonnull weight, ck_type type, ck_panels panels, ptrdiff_t first_panel,
    ptrdiff_t last_panel, void *_Nonnull scratch);

ptrdiff_t ck_int8_packing_scratch(ck_panels panels);

/// Bytes of scratch that ck_int8_multiply needs for so many rows.
ptrdiff_t ck_int8_scratch(ptrdiff_t rows);

/// Writes the result's rows first_row..<last_row in the channels of panels first_panel..<last_panel.
void ck_int8_multiply(
    const ck_kernels *_Nonnull kernels, const ck_int8_kernels *_Nonnull int8, const ck_int8_product *_Nonnull product,
    ptrdiff_t first_row, ptrdiff_t last_row, ptrdiff_t first_panel, ptrdiff_t last_panel, void *_Nonnull scratch);

#endif
