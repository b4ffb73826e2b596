// SPDX-License-Identifier: Apache-2.0

// From the sums of a tile to elements of the result: see `finish` in ck_gemm.h.

#ifndef CK_FINISH_H
#define CK_FINISH_H

#include "include/ck_gemm.h"
#include "vector.h"

CK_INLINE ck_vec ck_finish_lanes(
    const float *c, const float *bias, const void *row_bias, ptrdiff_t channel, int gate, int count, ck_type type,
    ck_activation activation) {
    ck_vec value = ck_load_f32(c) + ck_load_f32(bias);
    if (activation == CK_GEGLU) return value * ck_gelu(ck_load_f32(c + gate) + ck_load_f32(bias + gate));
    if (row_bias) {
        value += count == CK_LANES ? ck_load(row_bias, channel, type) : ck_load_part(row_bias, channel, count, type);
    }
    if (activation == CK_SILU) return ck_silu(value);
    if (activation == CK_GELU) return ck_gelu(value);
    return value;
}

/// `type` and `activation` are constants where this is called.
CK_INLINE void ck_finish_tile(
    const ck_epilogue *e, const float *c, ptrdiff_t c_stride, ptrdiff_t row, ptrdiff_t panel, int rows, int columns,
    const ck_type type, const ck_activation activation) {
    const int gate = columns / 2;
    const ptrdiff_t width = activation == CK_GEGLU ? CK_PANEL / 2 : CK_PANEL;
    const ptrdiff_t first = panel * width;
    const float *bias = e->bias + panel * CK_PANEL;
    const int channels = (int)(e->channels - first < width ? e->channels - first : width);
    for (int i = 0; i < rows; i++) {
        const ptrdiff_t start = (row + i) * e->channels + first;
        const void *row_bias = e->row_bias;
        const ptrdiff_t row_bias_start = row_bias ? (row + i) / e->rows_per_bias * e->channels + first : 0;
        int j = 0;
        for (; j + CK_LANES <= channels; j += CK_LANES) {
            ck_vec value = ck_finish_lanes(
                c + i * c_stride + j, bias + j, row_bias, row_bias_start + j, gate, CK_LANES, type, activation);
            if (e->residual) value += ck_load(e->residual, start + j, type);
            ck_store(e->output, start + j, value, type);
        }
        if (j < channels) {
            const int count = channels - j;
            ck_vec value = ck_finish_lanes(
                c + i * c_stride + j, bias + j, row_bias, row_bias_start + j, gate, count, type, activation);
            if (e->residual) value += ck_load_part(e->residual, start + j, count, type);
            ck_store_part(e->output, start + j, value, count, type);
        }
    }
}

#define CK_FINISH_CASE(type, activation)                                                          \
    case (type) * 4 + (activation):                                                               \
        ck_finish_tile(epilogue, c, c_stride, row, panel, rows, columns, type, activation);       \
        return;

static void ck_finish(
    const ck_epilogue *epilogue, const float *c, ptrdiff_t c_stride, ptrdiff_t row, ptrdiff_t panel, int rows,
    int columns) {
    switch (epilogue->type * 4 + epilogue->activation) {
        CK_FINISH_CASE(CK_F32, CK_NONE)
        CK_FINISH_CASE(CK_F32, CK_SILU)
        CK_FINISH_CASE(CK_F32, CK_GELU)
        CK_FINISH_CASE(CK_F32, CK_GEGLU)
        CK_FINISH_CASE(CK_BF16, CK_NONE)
        CK_FINISH_CASE(CK_BF16, CK_SILU)
        CK_FINISH_CASE(CK_BF16, CK_GELU)
        CK_FINISH_CASE(CK_BF16, CK_GEGLU)
    }
}

#endif
