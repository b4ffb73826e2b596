// SPDX-License-Identifier: Apache-2.0

// Direct convolution: for each panel, each tap of the kernel adds a matrix product whose rows are input pixels, found
// through a table of pointers. Pixels outside the picture point to a row of zeros. Where bfloat16 is widened, the
// pixels in reach are widened once for all panels, and each block of weights once for all pixels.

#include "include/ck_convolution.h"
#include "prefetch.h"

/// Input channels whose weights are widened at a time: a block of 64 columns stays in the second-level cache.
#define WIDENED_INPUTS 512

/// Input rows and columns that a range of output pixels looks at.
typedef struct window {
    /// Counted over all pictures.
    ptrdiff_t first_row, last_row;
    ptrdiff_t first_column, last_column;
} window;

/// Where things lie in the scratch memory, in bytes.
typedef struct layout {
    ptrdiff_t zeros, table, sums, weights, input, size;
} layout;

static ptrdiff_t clamp(ptrdiff_t value, ptrdiff_t limit) {
    return value < 0 ? 0 : ck_smaller(value, limit - 1);
}

bool ck_convolution_widens(const ck_kernels *kernels, ck_panels panels) {
    return panels.type == CK_BF16 && !kernels->tile_bf16;
}

static window window_of(const ck_convolution *op, ptrdiff_t first_pixel, ptrdiff_t last_pixel) {
    const int shift = op->upsamples ? 1 : 0;
    const ptrdiff_t height = op->height << shift, width = op->width << shift;
    ptrdiff_t first_line = first_pixel / op->output_width;
    ptrdiff_t last_line = (last_pixel - 1) / op->output_width;
    ptrdiff_t top = first_line % op->output_height * op->stride - op->leading;
    ptrdiff_t bottom = last_line % op->output_height * op->stride - op->leading + op->kernel - 1;
    window result = {
        .first_row = first_line / op->output_height * op->height + (clamp(top, height) >> shift),
        .last_row = last_line / op->output_height * op->height + (clamp(bottom, height) >> shift) + 1,
        .first_column = 0,
        .last_column = op->width,
    };
    if (first_line == last_line) {
        ptrdiff_t left = first_pixel % op->output_width * op->stride - op->leading;
        ptrdiff_t right = (last_pixel - 1) % op->output_width * op->stride - op->leading + op->kernel - 1;
        result.first_column = clamp(left, width) >> shift;
        result.last_column = (clamp(right, width) >> shift) + 1;
    }
    return result;
}

static ptrdiff_t take(ptrdiff_t *size, ptrdiff_t bytes) {
    ptrdiff_t start = *size;
    *size += ck_whole_lines(bytes);
    return start;
}

static layout layout_of(const ck_kernels *kernels, const ck_convolution *op, window seen, ptrdiff_t pixels) {
    layout result = {0};
    ptrdiff_t inputs = op->panels.inputs;
    result.zeros = take(&result.size, inputs * 4);
    result.table = take(&result.size, op->panels.taps * pixels * (ptrdiff_t)sizeof(void *));
    result.sums = take(&result.size, pixels * CK_PANEL * 4);
    if (ck_convolution_widens(kernels, op->panels)) {
        result.weights = take(&result.size, (ck_smaller(inputs, WIDENED_INPUTS) + 1) * CK_PANEL * 4);
    }
    if (ck_convolution_widens(kernels, op->panels) && op->input_type == CK_BF16) {
        ptrdiff_t rows = seen.last_row - seen.first_row;
        ptrdiff_t columns = seen.last_column - seen.first_column;
        result.input = take(&result.size, rows * columns * inputs * 4);
    }
    return result;
}

ptrdiff_t ck_convolution_scratch(
    const ck_kernels *kernels, const ck_convolution *op, ptrdiff_t first_pixel, ptrdiff_t last_pixel) {
    return layout_of(kernels, op, window_of(op, first_pixel, last_pixel), last_pixel - first_pixel).size;
}

/// Points table[tap][pixel] to the input pixel that a tap of an output pixel reads, in an array that holds the window.
static void fill_table(
    const void **table, const ck_convolution *op, window seen, const uint8_t *input, ptrdiff_t pixel_size,
    const void *zeros, ptrdiff_t first_pixel, ptrdiff_t pixels) {
    const int shift = op->upsamples ? 1 : 0;
    const ptrdiff_t height = op->height << shift, width = op->width << shift;
    ptrdiff_t columns = seen.last_column - seen.first_column;
    for (ptrdiff_t tap = 0; tap < op->panels.taps; tap++) {
        ptrdiff_t down = tap / op->kernel - op->leading;
        ptrdiff_t right = tap % op->kernel - op->leading;
        ptrdiff_t line = first_pixel / op->output_width;
        ptrdiff_t column = first_pixel % op->output_width;
        for (ptrdiff_t i = 0; i < pixels;) {
            ptrdiff_t y = line % op->output_height * op->stride + down;
            ptrdiff_t row = line / op->output_height * op->height + (y >> shift) - seen.first_row;
            ptrdiff_t end = ck_smaller(pixels, i + op->output_width - column);
            for (; i < end; i++, column++) {
                ptrdiff_t x = column * op->stride + right;
                bool inside = y >= 0 && y < height && x >= 0 && x < width;
                *table++ = inside ? input + (row * columns + (x >> shift) - seen.first_column) * pixel_size : zeros;
            }
            line++;
            column = 0;
        }
    }
}

static void widen_window(const ck_kernels *kernels, void *widened, const ck_convolution *op, window seen) {
    float *out = widened;
    ptrdiff_t inputs = op->panels.inputs;
    ptrdiff_t count = (seen.last_column - seen.first_column) * inputs;
    for (ptrdiff_t row = seen.first_row; row < seen.last_row; row++) {
        const uint16_t *in = (const uint16_t *)op->input + (row * op->width + seen.first_column) * inputs;
        kernels->f32_from_bf16(out, in, count);
        out += count;
    }
}

/// What one pass over the pixels adds to their sums: a range of input channels of one tap.
typedef struct pass {
    const void *weights;
    /// The tap's part of the table, and the first channel in bytes.
    const void *const *rows;
    ptrdiff_t offset;
    ptrdiff_t depth;
    bool is_first, is_last;
    bool is_bf16;
} pass;

static void run_pass(
    const ck_kernels *kernels, const ck_convolution *op, const pass *p, float *sums, bool one_tile,
    ptrdiff_t first_pixel, ptrdiff_t pixels, ptrdiff_t panel, int columns) {
    for (ptrdiff_t i = 0; i < pixels; i += CK_TILE_ROWS) {
        int rows = (int)ck_smaller(CK_TILE_ROWS, pixels - i);
        const void *a[CK_TILE_ROWS] = {0};
        for (int r = 0; r < rows; r++) a[r] = (const uint8_t *)p->rows[i + r] + p->offset;
        float *c = one_tile ? sums : sums + i * CK_PANEL;
        if (p->is_last) ck_prefetch_results(&op->epilogue, first_pixel + i, panel, rows, columns);
        if (p->is_bf16) {
            kernels->tile_bf16(
                c, (const uint16_t *const *)a, p->weights, p->depth, CK_PANEL, rows, columns, !p->is_first);
        } else {
            kernels->tile_f32(c, (const float *const *)a, p->weights, p->depth, CK_PANEL, rows, columns, !p->is_first);
        }
        if (p->is_last) kernels->finish(&op->epilogue, c, CK_PANEL, first_pixel + i, panel, rows, columns);
    }
}

void ck_convolve(
    const ck_kernels *kernels, const ck_convolution *op, ptrdiff_t first_pixel, ptrdiff_t last_pixel,
    ptrdiff_t first_panel, ptrdiff_t last_panel, void *scratch) {
    const ptrdiff_t pixels = last_pixel - first_pixel;
    const ptrdiff_t inputs = op->panels.inputs;
    const bool widening = ck_convolution_widens(kernels, op->panels);
    const bool is_bf16 = op->panels.type == CK_BF16 && !widening;
    const ptrdiff_t size = is_bf16 ? 2 : 4;
    window seen = window_of(op, first_pixel, last_pixel);
    const layout at = layout_of(kernels, op, seen, pixels);
    uint8_t *memory = scratch;
    const void **table = (const void **)(memory + at.table);
    float *sums = (float *)(memory + at.sums);
    float *weights = (float *)(memory + at.weights);

    const void *input = op->input;
    if (widening && op->input_type == CK_BF16) {
        input = memory + at.input;
        widen_window(kernels, memory + at.input, op, seen);
    } else {
        // The whole input is there, from its first pixel on.
        seen = (window){.first_row = 0, .first_column = 0, .last_column = op->width};
    }
    memset(memory + at.zeros, 0, (size_t)(inputs * size));
    fill_table(table, op, seen, input, inputs * size, memory + at.zeros, first_pixel, pixels);

    // Without widening, weights are read where they lie and need no blocks of input channels.
    const ptrdiff_t block = widening ? ck_smaller(inputs, WIDENED_INPUTS) : inputs;
    const bool one_pass = op->panels.taps == 1 && block == inputs;
    const ptrdiff_t depth = op->panels.type == CK_BF16 ? (inputs + 1) / 2 * 2 : inputs;
    const ptrdiff_t element = op->panels.type == CK_BF16 ? 2 : 4;
    for (ptrdiff_t panel = first_panel; panel < last_panel; panel++) {
        const int columns = (int)ck_panel_columns(op->panels, panel);
        const uint8_t *packed = (const uint8_t *)op->weights + ck_panel_offset(op->panels, panel);
        for (ptrdiff_t tap = 0; tap < op->panels.taps; tap++) {
            for (ptrdiff_t first = 0; first < inputs; first += block) {
                pass next = {
                    .weights = packed + (tap * depth + first) * columns * element,
                    .rows = table + tap * pixels,
                    .offset = first * size,
                    .depth = ck_smaller(block, inputs - first),
                    .is_first = tap == 0 && first == 0,
                    .is_last = tap == op->panels.taps - 1 && first + block >= inputs,
                    .is_bf16 = is_bf16,
                };
                if (widening) {
                    kernels->widen_pairs(weights, next.weights, (next.depth + 1) / 2, columns);
                    next.weights = weights;
                }
                run_pass(kernels, op, &next, sums, one_pass, first_pixel, pixels, panel, columns);
            }
        }
    }
}
