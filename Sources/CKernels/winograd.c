// SPDX-License-Identifier: Apache-2.0

// Winograd convolution over a range of tiles: the input is transformed for all panels, then multiplied with each panel's
// weights. Those were transformed before, or are now, a row of points and a block of channels at a time.

#include "include/ck_winograd.h"
#include "prefetch.h"

/// Bytes of weights that are transformed at a time: a row of points of a block of channels fits the second-level cache
/// beside what it is multiplied with.
#define BLOCK_BYTES (192 << 10)

/// What the products are computed of: bfloat16 where the processor multiplies it.
static ck_type transformed_type(const ck_kernels *kernels, const ck_convolution *op) {
    return op->panels.type == CK_BF16 && kernels->tile_bf16 ? CK_BF16 : CK_F32;
}

/// Input channels whose weights are transformed at a time: blocks of one size, of whole pairs.
static ptrdiff_t block_of(const ck_kernels *kernels, const ck_convolution *op, ck_winograd_form form) {
    const ptrdiff_t most = BLOCK_BYTES / (ck_form_points(form) * CK_PANEL * ck_element_size(transformed_type(kernels, op)));
    const ptrdiff_t count = (op->panels.inputs + most - 1) / most;
    return ((op->panels.inputs + count - 1) / count + 1) / 2 * 2;
}

/// Elements of the weights at one point, of so many channels.
static ptrdiff_t weights_plane(ptrdiff_t channels, ptrdiff_t columns) {
    return (channels + 1) / 2 * 2 * columns + 16;
}

/// Elements of one point's tiles. The odd cache line keeps the points' planes out of each other's cache sets.
static ptrdiff_t input_plane(const ck_convolution *op, ptrdiff_t tile_count) {
    return ck_whole_lines(tile_count * op->panels.inputs * 4) / 4 + 16;
}

static ptrdiff_t sums_plane(ptrdiff_t tile_count) {
    return tile_count * CK_PANEL + 16;
}

static ptrdiff_t tiles_across(ptrdiff_t extent, int size) {
    return (extent + size - 1) / size;
}

ptrdiff_t ck_winograd_tiles(const ck_convolution *op, ck_winograd_form form) {
    const int size = ck_form_size(form);
    return tiles_across(op->output_height, size) * tiles_across(op->output_width, size);
}

ptrdiff_t ck_winograd_transformed_size(
    const ck_kernels *kernels, const ck_convolution *op, ck_winograd_form form, ptrdiff_t tile_count) {
    const int points = ck_form_points(form);
    return points * points * input_plane(op, tile_count) * ck_element_size(transformed_type(kernels, op));
}

/// Tiles whose results are asked for before they are computed.
#define TILES_AHEAD 4

/// Where a tile's first result is.
typedef struct place {
    /// The picture's number.
    ptrdiff_t picture;
    ptrdiff_t y, x;
    /// The tile's rows and columns that lie in the picture.
    int rows, columns;
} place;

static place place_of(const ck_winograd *w, ptrdiff_t tile) {
    const int size = ck_form_size(w->form);
    const ptrdiff_t across = tiles_across(w->op.output_width, size);
    const ptrdiff_t per_picture = ck_winograd_tiles(&w->op, w->form);
    const ptrdiff_t within = (w->first_tile + tile) % per_picture;
    const ptrdiff_t y = within / across * size, x = within % across * size;
    return (place){
        .picture = (w->first_tile + tile) / per_picture,
        .y = y,
        .x = x,
        .rows = (int)ck_smaller(size, w->op.output_height - y),
        .columns = (int)ck_smaller(size, w->op.output_width - x),
    };
}

/// The result's pixel, counted over all pictures, where a row of a tile starts.
static ptrdiff_t first_pixel(const ck_winograd *w, place at, int row) {
    return (at.picture * w->op.output_height + at.y + row) * w->op.output_width + at.x;
}

void ck_winograd_transform(const ck_kernels *kernels, const ck_winograd *w, ptrdiff_t first, ptrdiff_t last) {
    const ck_convolution *op = &w->op;
    const ptrdiff_t inputs = op->panels.inputs;
    const ck_type type = transformed_type(kernels, op);
    const ptrdiff_t plane = input_plane(op, w->tile_count);
    const ptrdiff_t pixel_size = inputs * ck_element_size(op->input_type);
    const int points = ck_form_points(w->form);
    const int shift = op->upsamples ? 1 : 0;
    for (ptrdiff_t tile = first; tile < last; tile++) {
        const place at = place_of(w, tile);
        const uint8_t *picture = (const uint8_t *)op->input + at.picture * op->height * op->width * pixel_size;
        const void *pixels[CK_WINOGRAD_POINTS];
        for (int i = 0; i < points * points; i++) {
            const ptrdiff_t y = (at.y >> shift) + i / points - op->leading;
            const ptrdiff_t x = (at.x >> shift) + i % points - op->leading;
            const bool inside = y >= 0 && y < op->height && x >= 0 && x < op->width;
            pixels[i] = inside ? picture + (y * op->width + x) * pixel_size : w->zeros;
        }
        uint8_t *out = (uint8_t *)w->transformed + tile * inputs * ck_element_size(type);
        kernels->winograd_input(out, plane, pixels, inputs, op->input_type, type, w->form);
    }
}

/// Where things lie in the scratch memory, in bytes.
typedef struct layout {
    ptrdiff_t weights, sums, results, size;
} layout;

static layout layout_of(const ck_kernels *kernels, const ck_convolution *op, ck_winograd_form form, ptrdiff_t tile_count) {
    const int points = ck_form_points(form), size = ck_form_size(form);
    layout result = {0};
    result.sums = ck_whole_lines(
        points * weights_plane(block_of(kernels, op, form), CK_PANEL) * ck_element_size(transformed_type(kernels, op)));
    result.results = result.sums + ck_whole_lines(points * points * sums_plane(tile_count) * 4);
    result.size = result.results + ck_whole_lines(size * size * CK_PANEL * 4);
    return result;
}

ptrdiff_t ck_winograd_scratch(
    const ck_kernels *kernels, const ck_convolution *op, ck_winograd_form form, ptrdiff_t tile_count) {
    return layout_of(kernels, op, form, tile_count).size;
}

/// Where a panel's weights are, and how they lie there.
typedef struct panel_weights {
    const uint8_t *packed;
    /// Elements from one tap to the next.
    ptrdiff_t tap_stride;
    /// Bytes of a channel's columns.
    ptrdiff_t channel_size;
    int columns;
} panel_weights;

static panel_weights weights_of(const ck_convolution *op, ptrdiff_t panel) {
    const int columns = (int)ck_panel_columns(op->panels, panel);
    const bool is_bf16 = op->panels.type == CK_BF16;
    const ptrdiff_t inputs = is_bf16 ? (op->panels.inputs + 1) / 2 * 2 : op->panels.inputs;
    return (panel_weights){
        .packed = (const uint8_t *)op->weights + ck_panel_offset(op->panels, panel),
        .tap_stride = inputs * columns,
        .channel_size = columns * ck_element_size(op->panels.type),
        .columns = columns,
    };
}

ptrdiff_t ck_winograd_weights_size(const ck_kernels *kernels, const ck_convolution *op, ck_winograd_form form) {
    const int points = ck_form_points(form);
    const ptrdiff_t elements = points * points * weights_plane(op->panels.inputs, CK_PANEL);
    return ck_whole_lines(elements * ck_element_size(transformed_type(kernels, op)));
}

void ck_winograd_transform_weights(
    const ck_kernels *kernels, const ck_convolution *op, ck_winograd_form form, ptrdiff_t panel, void *out) {
    const panel_weights from = weights_of(op, panel);
    const ck_type type = transformed_type(kernels, op);
    const ptrdiff_t plane = weights_plane(op->panels.inputs, from.columns);
    const int points = ck_form_points(form);
    for (int y = 0; y < points; y++) {
        kernels->winograd_weights(
            (uint8_t *)out + y * points * plane * ck_element_size(type), plane, from.packed, from.tap_stride,
            op->panels.inputs, from.columns, y, op->panels.type, type, form);
    }
}

/// sums[tile][columns] (+)= the sum over `depth` channels of transformed[tile] * weights, at one point.
static void multiply_point(
    const ck_kernels *kernels, float *sums, const uint8_t *transformed, ptrdiff_t row_size, const void *weights,
    ptrdiff_t depth, ptrdiff_t tiles, int columns, ck_type type, bool accumulate) {
    for (ptrdiff_t tile = 0; tile < tiles; tile += CK_TILE_ROWS) {
        const int rows = (int)ck_smaller(CK_TILE_ROWS, tiles - tile);
        const void *a[CK_TILE_ROWS] = {0};
        for (int r = 0; r < rows; r++) a[r] = transformed + (tile + r) * row_size;
        float *c = sums + tile * CK_PANEL;
        if (type == CK_BF16) {
            kernels->tile_bf16(c, (const uint16_t *const *)a, weights, depth, CK_PANEL, rows, columns, accumulate);
        } else {
            kernels->tile_f32(c, (const float *const *)a, weights, depth, CK_PANEL, rows, columns, accumulate);
        }
    }
}

/// From the sums at a tile's points to its results.
static void finish_tile(
    const ck_kernels *kernels, const ck_winograd *w, ptrdiff_t tile, const float *sums, ptrdiff_t plane, float *results,
    ptrdiff_t panel, int columns) {
    const place at = place_of(w, tile);
    const int size = ck_form_size(w->form);
    kernels->winograd_output(results, sums, plane, columns, w->form);
    for (int y = 0; y < at.rows; y++) {
        kernels->finish(
            &w->op.epilogue, results + y * size * CK_PANEL, CK_PANEL, first_pixel(w, at, y), panel, at.columns, columns);
    }
}

static void prefetch_tile(const ck_winograd *w, ptrdiff_t tile, ptrdiff_t panel, int columns) {
    const place at = place_of(w, tile);
    for (int y = 0; y < at.rows; y++) {
        ck_prefetch_results(&w->op.epilogue, first_pixel(w, at, y), panel, at.columns, columns);
    }
}

void ck_winograd_multiply(
    const ck_kernels *kernels, const ck_winograd *w, ptrdiff_t first, ptrdiff_t last, ptrdiff_t panel, void *scratch) {
    const ck_convolution *op = &w->op;
    const ptrdiff_t inputs = op->panels.inputs;
    const panel_weights from = weights_of(op, panel);
    const ck_type type = transformed_type(kernels, op);
    const ptrdiff_t size = ck_element_size(type);
    const layout at = layout_of(kernels, op, w->form, last - first);
    float *sums = (float *)((uint8_t *)scratch + at.sums);
    const int points = ck_form_points(w->form);
    const ptrdiff_t plane = input_plane(op, w->tile_count);
    const ptrdiff_t sum_plane = sums_plane(last - first);
    const ptrdiff_t block = block_of(kernels, op, w->form);
    const ptrdiff_t weight_plane = weights_plane(w->weights ? inputs : block, from.columns);

    for (int y = 0; y < points; y++) {
        for (ptrdiff_t channel = 0; channel < inputs; channel += block) {
            const ptrdiff_t depth = ck_smaller(block, inputs - channel);
            const uint8_t *weights = (const uint8_t *)scratch + at.weights;
            if (w->weights) {
                weights = (const uint8_t *)w->weights + (y * points * weight_plane + channel * from.columns) * size;
            } else {
                kernels->winograd_weights(
                    (uint8_t *)scratch + at.weights, weight_plane, from.packed + channel * from.channel_size,
                    from.tap_stride, depth, from.columns, y, op->panels.type, type, w->form);
            }
            for (int x = 0; x < points; x++) {
                const int point = y * points + x;
                multiply_point(
                    kernels, sums + point * sum_plane,
                    (const uint8_t *)w->transformed + (point * plane + first * inputs + channel) * size, inputs * size,
                    weights + x * weight_plane * size, depth, last - first, from.columns, type, channel > 0);
            }
        }
    }
    for (ptrdiff_t tile = first; tile < last; tile++) {
        if (tile + TILES_AHEAD < last) prefetch_tile(w, tile + TILES_AHEAD, panel, from.columns);
        finish_tile(
            kernels, w, tile, sums + (tile - first) * CK_PANEL, sum_plane,
            (float *)((uint8_t *)scratch + at.results), panel, from.columns);
    }
}
