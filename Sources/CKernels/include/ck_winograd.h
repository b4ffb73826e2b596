// SPDX-License-Identifier: Apache-2.0

// 3x3 convolutions at stride 1 by Winograd's minimal filtering (Lavin & Gray, Fast Algorithms for Convolutional Neural
// Networks, 2016): F(2x2, 3x3) and F(4x4, 3x3). A tile of `size` by `size` results costs one product for each of its
// points instead of nine for each result: 2.25 and 4 times fewer multiplications, and 4 times fewer with F(2x2, 3x3) over
// a picture that is enlarged by nearest neighbours, which is then never made.
//
// Weights stay in the panels of the direct convolution, which are a half or a quarter of their transformed size. They are
// transformed when they are used: all of them before many ranges of tiles, or a block at a time for few.

#ifndef CK_WINOGRAD_H
#define CK_WINOGRAD_H

#include "ck_convolution.h"

/// Points of a tile of the largest size.
#define CK_WINOGRAD_POINTS 36

/// A convolution of kernel 3 and stride 1, and how it is cut. The upsampled form is for those that upsample, with one row and
/// column of zeros before the first pixel, and no other form is.
typedef struct ck_winograd {
    ck_convolution op;
    /// A pixel of zeros: what lies around the picture.
    const void *_Nonnull zeros;
    ck_winograd_form form;
    /// The tiles that are worked on now, counted over all pictures: each picture's tiles start at its first pixel.
    ptrdiff_t first_tile, tile_count;
    /// [points²][tile_count][inputs] of the transformed type: see ck_winograd_transformed_size.
    void *_Nonnull transformed;
    /// What ck_winograd_transform_weights wrote for the panel, or null to transform its weights as they are used.
    const void *_Nullable weights;
} ck_winograd;

/// Tiles of one picture.
ptrdiff_t ck_winograd_tiles(const ck_convolution *_Nonnull op, ck_winograd_form form);

/// Bytes of the transformed input of `tile_count` tiles.
ptrdiff_t ck_winograd_transformed_size(
    const ck_kernels *_Nonnull kernels, const ck_convolution *_Nonnull op, ck_winograd_form form, ptrdiff_t tile_count);

/// Transforms the input of the tiles first..<last of the round, counted from its first tile.
void ck_winograd_transform(
    const ck_kernels *_Nonnull kernels, const ck_winograd *_Nonnull winograd, ptrdiff_t first, ptrdiff_t last);

/// Bytes of one panel's transformed weights.
ptrdiff_t ck_winograd_weights_size(
    const ck_kernels *_Nonnull kernels, const ck_convolution *_Nonnull op, ck_winograd_form form);

/// Transforms the weights of one panel.
void ck_winograd_transform_weights(
    const ck_kernels *_Nonnull kernels, const ck_convolution *_Nonnull op, ck_winograd_form form, ptrdiff_t panel,
    void *_Nonnull out);

/// Bytes of scratch that ck_winograd_multiply needs for `tile_count` tiles.
ptrdiff_t ck_winograd_scratch(
    const ck_kernels *_Nonnull kernels, const ck_convolution *_Nonnull op, ck_winograd_form form, ptrdiff_t tile_count);

/// Writes the results of the round's tiles first..<last in the channels of one panel, once their input is transformed.
/// Each sum runs over the input channels in order, whatever the ranges. `scratch` is 64-byte aligned.
void ck_winograd_multiply(
    const ck_kernels *_Nonnull kernels, const ck_winograd *_Nonnull winograd, ptrdiff_t first, ptrdiff_t last,
    ptrdiff_t panel, void *_Nonnull scratch);

#endif
