// SPDX-License-Identifier: Apache-2.0

// Runs every kernel of the portable path on random operands of random shapes and writes the results, so that two builds
// of them can be compared: each is a line `NAME COUNT TOLERANCE` and then COUNT float32.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "CKernels.h"

static uint64_t state = 0x9e3779b97f4a7c15;

static uint32_t random_bits(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32);
}

static ptrdiff_t between(ptrdiff_t least, ptrdiff_t most) {
    return least + random_bits() % (uint32_t)(most - least + 1);
}

static float uniform(void) {
    return (float)(random_bits() >> 8) * 0x1p-23f - 1;
}

static void *memory(ptrdiff_t bytes) {
    const size_t size = (size_t)ck_whole_lines(bytes + 64);
    void *result = aligned_alloc(64, size);
    if (result == NULL) abort();
    memset(result, 0, size);
    return result;
}

/// Random elements of a type, the same on every machine.
static void *operand(ptrdiff_t count, ck_type type, float scale) {
    void *result = memory(count * ck_element_size(type));
    for (ptrdiff_t i = 0; i < count; i++) {
        const float value = scale * uniform();
        if (type == CK_BF16) {
            ((uint16_t *)result)[i] = ck_bf16_from_f32(value);
        } else {
            ((float *)result)[i] = value;
        }
    }
    return result;
}

/// Results of one element's rounding are further apart in bfloat16.
static void show(const char *name, const void *values, ptrdiff_t count, ck_type type, float tolerance) {
    printf("%s %td %g\n", name, count, type == CK_BF16 ? fmaxf(tolerance, 4e-3f) : tolerance);
    for (ptrdiff_t i = 0; i < count; i++) {
        const float value =
            type == CK_BF16 ? ck_f32_from_bf16(((const uint16_t *)values)[i]) : ((const float *)values)[i];
        fwrite(&value, sizeof value, 1, stdout);
    }
}

static const char *named(const char *what, ck_type type) {
    static char name[64];
    snprintf(name, sizeof name, "%s-%s", what, type == CK_BF16 ? "bfloat16" : "float32");
    return name;
}

/// A convolution by the definition, or by Winograd's algorithm where `winograd` names a form.
static void convolution(
    const ck_kernels *kernels, ck_type type, ptrdiff_t kernel, const ck_winograd_form *winograd, bool gated) {
    const bool upsamples = winograd ? *winograd == CK_F2_UPSAMPLED : kernel == 3 && between(0, 1);
    const ptrdiff_t rows = between(1, 3), height = kernel == 1 ? 1 : between(3, 19), width = between(3, 21);
    const ptrdiff_t stride = kernel == 3 && !winograd ? between(1, 2) : 1, leading = kernel / 2;
    const ptrdiff_t inputs = between(1, 150), channels = between(1, 150);
    const ck_panels panels = {gated ? 2 * channels : channels, inputs, kernel * kernel, gated, type};
    const ptrdiff_t out_height = ((height << upsamples) - 1) / stride + 1;
    const ptrdiff_t out_width = ((width << upsamples) - 1) / stride + 1;
    const ptrdiff_t pixels = rows * out_height * out_width;

    const float scale = 1 / sqrtf((float)(inputs * kernel * kernel));
    const void *weight = operand(panels.outputs * panels.taps * inputs, CK_F32, scale);
    void *packed = memory(ck_panels_size(panels)), *scratch = memory(ck_packing_scratch());
    ck_pack_panels(kernels, packed, weight, CK_F32, panels, 0, ck_panel_count(panels), scratch);
    float *bias = memory(ck_panels_columns(panels) * 4);
    ck_pack_bias(kernels, bias, operand(panels.outputs, CK_F32, 1), CK_F32, panels);

    void *output = memory(pixels * channels * ck_element_size(type));
    const ck_convolution op = {
        .input = operand(rows * height * width * inputs, type, 1),
        .input_type = type,
        .height = height,
        .width = width,
        .upsamples = upsamples,
        .output_height = out_height,
        .output_width = out_width,
        .kernel = kernel,
        .stride = stride,
        .leading = leading,
        .panels = panels,
        .weights = packed,
        .epilogue = {
            .output = output,
            .residual = random_bits() % 2 ? operand(pixels * channels, type, 1) : NULL,
            .row_bias = !gated && random_bits() % 2 ? operand(rows * channels, type, 1) : NULL,
            .rows_per_bias = pixels / rows,
            .bias = bias,
            .channels = channels,
            .type = type,
            .activation = gated ? CK_GEGLU : (ck_activation)(random_bits() % 3),
        },
    };
    if (!winograd) {
        scratch = memory(ck_convolution_scratch(kernels, &op, 0, pixels));
        ck_convolve(kernels, &op, 0, pixels, 0, ck_panel_count(panels), scratch);
        show(named(kernel == 3 ? "convolution" : gated ? "gated-linear" : "linear", type), output, pixels * channels, type, 1e-6f);
        return;
    }
    const ptrdiff_t tiles = rows * ck_winograd_tiles(&op, *winograd);
    const ck_winograd round = {
        .op = op,
        .zeros = memory(inputs * 4),
        .form = *winograd,
        .tile_count = tiles,
        .transformed = memory(ck_winograd_transformed_size(kernels, &op, *winograd, tiles)),
    };
    ck_winograd_transform(kernels, &round, 0, tiles);
    scratch = memory(ck_winograd_scratch(kernels, &op, *winograd, tiles));
    for (ptrdiff_t panel = 0; panel < ck_panel_count(panels); panel++) {
        ck_winograd_multiply(kernels, &round, 0, tiles, panel, scratch);
    }
    static const char *const names[] = {"winograd-2", "winograd-2-upsampled", "winograd-4"};
    show(named(names[*winograd], type), output, pixels * channels, type, 1e-5f);
}

static void attention(const ck_attention_kernels *kernels, ck_type type, bool causal) {
    const ptrdiff_t queries = between(1, CK_ATTENTION_QUERIES), head_size = 8 * between(1, 10);
    const ptrdiff_t keys = causal ? queries : between(1, 600);
    float *packed_keys = memory(4 * ck_attention_keys_size(keys, head_size));
    float *packed_values = memory(4 * ck_attention_values_size(keys, head_size));
    kernels->pack_keys(packed_keys, operand(keys * head_size, type, 2), keys, head_size, head_size, type);
    kernels->pack_values(packed_values, operand(keys * head_size, type, 1), keys, head_size, head_size, type);
    void *output = memory(queries * head_size * ck_element_size(type));
    const ck_attention a = {
        .output = output,
        .query = operand(queries * head_size, type, 2),
        .keys = packed_keys,
        .values = packed_values,
        .scratch = memory(4 * ck_attention_scratch(head_size)),
        .queries = queries,
        .key_count = keys,
        .head_size = head_size,
        .stride = head_size,
        .causal = causal,
        .scale = 1 / sqrtf((float)head_size),
        .type = type,
    };
    kernels->attend(&a);
    show(named(causal ? "causal-attention" : "attention", type), output, queries * head_size, type, 2e-6f);
}

static void normalization(const ck_normalization_kernels *kernels, ck_type type) {
    const ptrdiff_t pixels = between(1, 300), groups = between(1, 8), channels = groups * between(1, 30);
    const void *x = operand(pixels * channels, type, 3);
    const float *scale = operand(channels, CK_F32, 1), *shift = operand(channels, CK_F32, 1);
    void *output = memory(pixels * channels * ck_element_size(type));
    kernels->layer(output, x, scale, shift, pixels, channels, 1e-5f, type);
    show(named("layer-norm", type), output, pixels * channels, type, 1e-6f);
    double *sums = memory(2 * channels * 8);
    float *coefficients = memory(3 * channels * 4);
    kernels->channel_sums(sums, x, pixels, channels, type);
    ck_group_coefficients(coefficients, sums, scale, shift, 1, pixels, channels, groups, 1e-5f);
    kernels->normalize(output, x, coefficients, pixels, channels, type, CK_SILU);
    show(named("group-norm-silu", type), output, pixels * channels, type, 1e-6f);
}

static void elementwise(const ck_elementwise_kernels *kernels, ck_type type) {
    const ptrdiff_t count = between(1, 2000);
    const void *x = operand(count, type, 12), *y = operand(count, type, 12);
    void *output = memory(count * ck_element_size(type));
    kernels->activate(output, x, count, type, CK_SILU);
    show(named("silu", type), output, count, type, 1e-6f);
    kernels->activate(output, x, count, type, CK_GELU);
    show(named("gelu", type), output, count, type, 1e-6f);
    kernels->add(output, x, y, count, type);
    show(named("sum", type), output, count, type, 0);
}

static void eight_bits(const ck_kernels *kernels, const ck_int8_kernels *int8, ck_type type) {
    const ptrdiff_t rows = between(1, 40), inputs = between(1, 300), channels = between(1, 150);
    const ck_panels panels = {channels, inputs, 1, false, CK_S8};
    const ptrdiff_t columns = ck_panels_columns(panels), depth = ck_int8_depth(inputs) * int8->activation_size;
    void *packed = memory(ck_panels_size(panels));
    float *column_scales = memory(columns * 4), *bias = memory(columns * 4), *row_scales = memory(rows * 4);
    int32_t *column_sums = memory(columns * 4);
    ck_int8_pack(
        kernels, packed, column_scales, column_sums, operand(channels * inputs, CK_F32, 1), CK_F32, panels, 0,
        ck_panel_count(panels), memory(ck_int8_packing_scratch(panels)));
    ck_pack_bias(kernels, bias, operand(channels, CK_F32, 1), CK_F32, panels);
    const void *input = operand(rows * inputs, type, 2);
    char *quantized = memory(rows * depth);
    for (ptrdiff_t i = 0; i < rows; i++) {
        row_scales[i] = int8->quantize(
            quantized + i * depth, (const char *)input + i * inputs * ck_element_size(type), inputs, type);
    }
    void *output = memory(rows * channels * ck_element_size(type));
    const ck_int8_product product = {
        .rows = quantized,
        .row_scales = row_scales,
        .panels = panels,
        .weights = packed,
        .column_scales = column_scales,
        .column_sums = column_sums,
        .epilogue = {
            .output = output, .rows_per_bias = rows, .bias = bias, .channels = channels, .type = type,
            .activation = CK_NONE,
        },
    };
    ck_int8_multiply(
        kernels, int8, &product, 0, rows, 0, ck_panel_count(panels), memory(ck_int8_scratch(rows)));
    show(named("int8-linear", type), output, rows * channels, type, 1e-6f);
}

static void conversions(const ck_kernels *kernels) {
    const ptrdiff_t count = 1 << 16;
    uint16_t *halves = memory(count * 2);
    float *wide = memory(count * 4);
    for (ptrdiff_t i = 0; i < count; i++) halves[i] = (uint16_t)i;
    kernels->f32_from_f16(wide, halves, count);
    for (ptrdiff_t i = 0; i < count; i++) wide[i] = isnan(wide[i]) ? 1e30f : isinf(wide[i]) ? 2e30f : wide[i];
    show("from-float16", wide, count, CK_F32, 0);
    kernels->bf16_from_f32(halves, operand(count, CK_F32, 5), count);
    show("to-bfloat16", halves, count, CK_BF16, 0);
}

int main(void) {
    const ck_kernels *kernels = ck_kernels_for(CK_PORTABLE);
    conversions(kernels);
    for (int round = 0; round < 12; round++) {
        for (int i = 0; i < 2; i++) {
            const ck_type type = i ? CK_BF16 : CK_F32;
            convolution(kernels, type, 1, NULL, false);
            convolution(kernels, type, 1, NULL, true);
            convolution(kernels, type, 3, NULL, false);
            for (ck_winograd_form form = CK_F2; form <= CK_F4; form++) convolution(kernels, type, 3, &form, false);
            attention(ck_attention_for(CK_PORTABLE), type, false);
            attention(ck_attention_for(CK_PORTABLE), type, true);
            normalization(ck_normalization_for(CK_PORTABLE), type);
            elementwise(ck_elementwise_for(CK_PORTABLE), type);
            eight_bits(kernels, ck_int8_for(CK_PORTABLE), type);
        }
    }
}
