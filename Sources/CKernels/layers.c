// SPDX-License-Identifier: Apache-2.0

// What the kernels between the matrix products have in common on every processor: which table a path uses, sizes, and
// copies that need no arithmetic.

#include "layers.h"

static const ck_layers *ck_layers_for(ck_isa isa) {
#if CK_X86
    switch (isa) {
    case CK_PORTABLE_BF16:
    case CK_PORTABLE: return &ck_layers_portable;
    case CK_AVX2: return &ck_layers_avx2;
    case CK_AVX512: return &ck_layers_avx512;
    case CK_AVX512_BF16: return &ck_layers_avx512_bf16;
    }
#endif
    (void)isa;
    return &ck_layers_portable;
}

const ck_attention_kernels *ck_attention_for(ck_isa isa) {
    return &ck_layers_for(isa)->attention;
}

const ck_normalization_kernels *ck_normalization_for(ck_isa isa) {
    return &ck_layers_for(isa)->normalization;
}

const ck_elementwise_kernels *ck_elementwise_for(ck_isa isa) {
    return &ck_layers_for(isa)->elementwise;
}

// MARK: Attention

ptrdiff_t ck_attention_keys_size(ptrdiff_t key_count, ptrdiff_t head_size) {
    return ck_attention_padded(key_count) * head_size;
}

ptrdiff_t ck_attention_values_size(ptrdiff_t key_count, ptrdiff_t head_size) {
    return ck_attention_padded(key_count) * ck_attention_padded(head_size);
}

ptrdiff_t ck_attention_scratch(ptrdiff_t head_size) {
    // Queries and sums, running maxima and totals, and a tile of scores.
    return CK_ATTENTION_QUERIES * (2 * ck_attention_padded(head_size) + 2) + CK_ATTENTION_SCORES;
}

// MARK: Normalisation

void ck_group_coefficients(
    float *coefficients, double *sums, const float *scale, const float *shift, ptrdiff_t chunks, ptrdiff_t pixels,
    ptrdiff_t channels, ptrdiff_t groups, float epsilon) {
    for (ptrdiff_t chunk = 1; chunk < chunks; chunk++) {
        for (ptrdiff_t i = 0; i < 2 * channels; i++) sums[i] += sums[chunk * 2 * channels + i];
    }
    const ptrdiff_t size = channels / groups;
    const double count = (double)(pixels * size);
    for (ptrdiff_t group = 0; group < groups; group++) {
        double sum = 0;
        double squares = 0;
        for (ptrdiff_t c = group * size; c < (group + 1) * size; c++) {
            sum += sums[c];
            squares += sums[channels + c];
        }
        const double mean = sum / count;
        double variance = squares / count - mean * mean;
        // Rounding may leave less than nothing of a variance of zero; a NaN stays.
        if (variance < 0) variance = 0;
        const double inverse = 1 / __builtin_sqrt(variance + (double)epsilon);
        for (ptrdiff_t c = group * size; c < (group + 1) * size; c++) {
            const double factor = inverse * (double)scale[c];
            coefficients[c] = (float)mean;
            coefficients[channels + c] = (float)factor;
            // What the mean lost as a float32 goes into the shift.
            coefficients[2 * channels + c] = (float)((double)shift[c] - (mean - (double)(float)mean) * factor);
        }
    }
}

// MARK: Copies

void ck_upsample_nearest(
    void *out, const void *in, ptrdiff_t first_row, ptrdiff_t rows, ptrdiff_t height, ptrdiff_t width,
    ptrdiff_t from_height, ptrdiff_t from_width, ptrdiff_t pixel_size) {
    for (ptrdiff_t y = first_row; y < first_row + rows; y++) {
        const char *source = (const char *)in + y * from_height / height * from_width * pixel_size;
        char *target = (char *)out + y * width * pixel_size;
        for (ptrdiff_t x = 0; x < width; x++) {
            memcpy(target + x * pixel_size, source + x * from_width / width * pixel_size, (size_t)pixel_size);
        }
    }
}

void ck_concatenate(
    void *out, const void *a, const void *b, ptrdiff_t pixels, ptrdiff_t a_size, ptrdiff_t b_size) {
    char *target = out;
    for (ptrdiff_t pixel = 0; pixel < pixels; pixel++) {
        memcpy(target, (const char *)a + pixel * a_size, (size_t)a_size);
        memcpy(target + a_size, (const char *)b + pixel * b_size, (size_t)b_size);
        target += a_size + b_size;
    }
}
