// SPDX-License-Identifier: Apache-2.0

// Matrix products over packed panels: the layout, the kernels of one instruction set, and the loop over a range of
// rows and panels. Nothing here allocates or knows about threads: a caller splits the ranges and brings the scratch.

#ifndef CK_GEMM_H
#define CK_GEMM_H

#include "ck_common.h"

/// Columns of a panel, and of a tile.
#define CK_PANEL 64
/// The most rows a tile has.
#define CK_TILE_ROWS 6

/// The layout of a weight matrix `[outputs, taps, inputs]` cut into panels of 64 columns.
///
/// Each panel is `[taps][inputs][columns]` float32, or `[taps][ceil(inputs/2)][columns][2]` bfloat16 with a zero where
/// the number of inputs is odd, or, for a linear layer, `[ceil(inputs/4)][columns][4]` 8-bit integers. The last panel has as many columns as its outputs need, in multiples of 16. In a gated
/// matrix the first half of a panel's columns are values and the second half their gates.
typedef struct ck_panels {
    /// Rows of the weight matrix; of a gated one, twice the channels of its result.
    ptrdiff_t outputs;
    ptrdiff_t inputs;
    /// Pixels of a convolution's kernel; 1 for a linear layer.
    ptrdiff_t taps;
    bool gated;
    /// CK_F32, CK_BF16 or CK_S8.
    ck_type type;
} ck_panels;

ptrdiff_t ck_panel_count(ck_panels panels);
/// Columns of one panel, with padding: 16, 32, 48 or 64.
ptrdiff_t ck_panel_columns(ck_panels panels, ptrdiff_t panel);
/// Where a panel starts, in bytes.
ptrdiff_t ck_panel_offset(ck_panels panels, ptrdiff_t panel);
/// Bytes of all panels.
ptrdiff_t ck_panels_size(ck_panels panels);
/// The row of the weight matrix that a panel's column holds, or -1 for padding.
ptrdiff_t ck_panel_source(ck_panels panels, ptrdiff_t panel, ptrdiff_t column);
/// Columns of all panels, with padding: the length of a packed bias.
ptrdiff_t ck_panels_columns(ck_panels panels);

/// Winograd's algorithms for kernels of 3x3. A tile has `size` by `size` results, and `points` by `points` products.
typedef enum ck_winograd_form {
    /// F(2x2, 3x3): the points 0, 1, -1 and infinity along each side.
    CK_F2,
    /// F(2x2, 3x3) where each pixel is seen twice along each side. A tile's difference at the point -1 is then one of a pixel
    /// and itself, and the point falls away.
    CK_F2_UPSAMPLED,
    /// F(4x4, 3x3): six points along each side.
    CK_F4,
} ck_winograd_form;

/// Results along each side of a tile.
static inline int ck_form_size(ck_winograd_form form) {
    return form == CK_F4 ? 4 : 2;
}

/// Points along each side of a tile: of its input's pixels, its weights and its products.
static inline int ck_form_points(ck_winograd_form form) {
    return form == CK_F4 ? 6 : form == CK_F2 ? 4 : 3;
}

/// What happens to a tile of sums: `output = activation(sum + bias + row_bias) + residual`.
typedef struct ck_epilogue {
    /// [rows][channels] of `type`.
    void *_Nonnull output;
    /// [rows][channels] of `type`, or null.
    const void *_Nullable residual;
    /// [rows / rows_per_bias][channels] of `type`, or null; not with CK_GEGLU.
    const void *_Nullable row_bias;
    ptrdiff_t rows_per_bias;
    /// [ck_panels_columns], in the order of the packed columns.
    const float *_Nonnull bias;
    /// Channels of the result.
    ptrdiff_t channels;
    /// CK_F32 or CK_BF16.
    ck_type type;
    ck_activation activation;
} ck_epilogue;

/// The inner loops, compiled for one instruction set.
typedef struct ck_kernels {
    ck_isa isa;

    /// c[rows][columns] (+)= sum over k of a[row][k] * b[k][columns], k ascending, one multiply-add each, fused where the
    /// processor can.
    /// rows: 1...6; columns: 16, 32, 48 or 64, also the stride of b; c_stride: elements from one row of c to the next.
    void (*_Nonnull tile_f32)(
        float *_Nonnull c, const float *_Nonnull const *_Nonnull a, const float *_Nonnull b, ptrdiff_t k,
        ptrdiff_t c_stride, int rows, int columns, bool accumulate);

    /// The same of bfloat16: b is [ceil(k/2)][columns][2]. Null where widening to float32 is the way to go.
    void (*_Nullable tile_bf16)(
        float *_Nonnull c, const uint16_t *_Nonnull const *_Nonnull a, const uint16_t *_Nonnull b, ptrdiff_t k,
        ptrdiff_t c_stride, int rows, int columns, bool accumulate);

    /// Applies an epilogue to the tile c[rows][columns] whose first sum is of row `row`, column 0 of panel `panel`.
    void (*_Nonnull finish)(
        const ck_epilogue *_Nonnull epilogue, const float *_Nonnull c, ptrdiff_t c_stride, ptrdiff_t row,
        ptrdiff_t panel, int rows, int columns);

    /// Winograd's transform of one tile's input: out[point * plane + channel] of CK_F32 or CK_BF16 from the points²
    /// pixels of `channels` channels.
    void (*_Nonnull winograd_input)(
        void *_Nonnull out, ptrdiff_t plane, const void *_Nonnull const *_Nonnull pixels, ptrdiff_t channels,
        ck_type in_type, ck_type type, ck_winograd_form form);

    /// Winograd's transform of a block of a panel's weights at the points of row `y`: out[x * plane ...] is as a panel of
    /// one tap, [channels][columns] or in pairs; `weights` the block's first channel of a panel of nine taps, from one of
    /// which to the next there are `tap_stride` elements.
    void (*_Nonnull winograd_weights)(
        void *_Nonnull out, ptrdiff_t plane, const void *_Nonnull weights, ptrdiff_t tap_stride, ptrdiff_t channels,
        ptrdiff_t columns, int y, ck_type in_type, ck_type type, ck_winograd_form form);

    /// Winograd's transform of one tile's sums, in[point * plane + column], to its results, out[size * size][CK_PANEL].
    void (*_Nonnull winograd_output)(
        float *_Nonnull out, const float *_Nonnull in, ptrdiff_t plane, int columns, ck_winograd_form form);

    /// out[2 * pairs][columns] = in[pairs][columns][2].
    void (*_Nonnull widen_pairs)(
        float *_Nonnull out, const uint16_t *_Nonnull in, ptrdiff_t pairs, ptrdiff_t columns);

    /// out[count] = in[count].
    void (*_Nonnull f32_from_bf16)(float *_Nonnull out, const uint16_t *_Nonnull in, ptrdiff_t count);
    void (*_Nonnull f32_from_f16)(float *_Nonnull out, const uint16_t *_Nonnull in, ptrdiff_t count);
    void (*_Nonnull bf16_from_f32)(uint16_t *_Nonnull out, const float *_Nonnull in, ptrdiff_t count);
} ck_kernels;

/// The kernels of a path that the processor has: `isa <= ck_widest_isa()`.
const ck_kernels *_Nonnull ck_kernels_for(ck_isa isa);

#endif
