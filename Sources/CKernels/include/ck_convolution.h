// SPDX-License-Identifier: Apache-2.0

// Convolutions and linear layers over packed panels.

#ifndef CK_CONVOLUTION_H
#define CK_CONVOLUTION_H

#include "ck_gemm.h"

/// A square convolution of [rows][height][width][panels.inputs].
///
/// A linear layer over n rows is one of kernel 1 over a picture of height 1 and width n.
typedef struct ck_convolution {
    const void *_Nonnull input;
    /// `panels.type`; or CK_F32 where the kernels widen bfloat16 and that has been done.
    ck_type input_type;
    /// Of the input as it lies.
    ptrdiff_t height, width;
    /// Whether each pixel is seen twice along each side: nearest-neighbour upsampling before the convolution.
    bool upsamples;
    ptrdiff_t output_height, output_width;
    ptrdiff_t kernel, stride;
    /// Rows and columns of zeros before the first pixel; how many follow the last one is up to the output's size.
    ptrdiff_t leading;
    ck_panels panels;
    const void *_Nonnull weights;
    ck_epilogue epilogue;
} ck_convolution;

/// Whether ck_convolve widens bfloat16 to float32, each call the pixels it looks at: where several calls look at the
/// same ones, it pays to widen the input before.
bool ck_convolution_widens(const ck_kernels *_Nonnull kernels, ck_panels panels);

/// Bytes of scratch that ck_convolve needs for these pixels.
ptrdiff_t ck_convolution_scratch(
    const ck_kernels *_Nonnull kernels, const ck_convolution *_Nonnull op, ptrdiff_t first_pixel,
    ptrdiff_t last_pixel);

/// Writes the result's pixels first_pixel..<last_pixel, counted over all rows, in the channels of panels
/// first_panel..<last_panel. The sums run over the kernel's rows, then its columns, then the input channels, whatever
/// the ranges. `scratch` is 64-byte aligned.
void ck_convolve(
    const ck_kernels *_Nonnull kernels, const ck_convolution *_Nonnull op, ptrdiff_t first_pixel,
    ptrdiff_t last_pixel, ptrdiff_t first_panel, ptrdiff_t last_panel, void *_Nonnull scratch);

#endif
