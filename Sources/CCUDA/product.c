// SPDX-License-Identifier: Apache-2.0
//
// Matrix products by cuBLASLt. It thinks in columns: a row-major y = x · W is its yᵀ = Wᵀ · xᵀ, so W is its first operand.

#include <stdlib.h>

#include "device.h"

struct cc_product {
    cublasLtMatmulDesc_t description;
    cublasLtMatrixLayout_t w, x, y;
    cublasLtMatmulAlgo_t algorithm;
    bool has_bias, has_residual;
};

#define TRY(call) \
    do { \
        if (call) return 1; \
    } while (0)
#define LT(name, ...) cc_check_lt(device->libraries->lt.name(__VA_ARGS__), #name)

/// What cuBLASLt may use of the device's workspace.
#define PRODUCT_WORKSPACE ((uint64_t)64 << 20)

static int cuda_type(cc_type type) {
    switch (type) {
        case CC_FLOAT16: return CUDA_R_16F;
        case CC_BFLOAT16: return CUDA_R_16BF;
        default: return CUDA_R_32F;
    }
}

/// The largest power of two, up to 16, that every matrix, row and batch of an operand begins at a multiple of.
static uint32_t alignment(int64_t stride, int64_t batch_stride, cc_type type) {
    uint64_t bytes = ((uint64_t)stride | (uint64_t)batch_stride) * cc_type_size(type);
    uint64_t lowest = bytes & -bytes;
    return lowest == 0 || lowest > 16 ? 16 : (uint32_t)lowest;
}

static int make_layout(
    cc_device *device,
    cublasLtMatrixLayout_t *layout,
    cc_type type,
    int64_t rows,
    int64_t columns,
    int64_t stride,
    int64_t batch,
    int64_t batch_stride
) {
    int32_t count = (int32_t)batch;
    TRY(LT(layout_create, layout, cuda_type(type), (uint64_t)rows, (uint64_t)columns, stride));
    if (batch == 1) return 0;
    TRY(LT(layout_set, *layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof count));
    return LT(layout_set, *layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &batch_stride, sizeof batch_stride);
}

static void free_product(cc_device *device, cc_product *product) {
    if (product->description) device->libraries->lt.desc_destroy(product->description);
    if (product->w) device->libraries->lt.layout_destroy(product->w);
    if (product->x) device->libraries->lt.layout_destroy(product->x);
    if (product->y) device->libraries->lt.layout_destroy(product->y);
    free(product);
}

static int make_layouts(cc_device *device, const cc_product_shape *shape, int64_t rows, cc_product *product) {
    TRY(make_layout(device, &product->x, shape->type, shape->depth, rows, shape->x_stride, shape->batch,
                    shape->x_batch_stride));
    return make_layout(device, &product->y, shape->result, shape->columns, rows, shape->y_stride, shape->batch,
                       shape->y_batch_stride);
}

/// The algorithm that cuBLASLt's rules name first, for as many rows as the layouts have.
static int choose(cc_device *device, const cc_product_shape *shape, cc_product *product) {
    cublasLtMatmulPreference_t preference = NULL;
    TRY(LT(preference_create, &preference));
    uint64_t workspace = PRODUCT_WORKSPACE;
    uint32_t w = alignment(shape->w_stride, shape->w_batch_stride, shape->type);
    uint32_t x = alignment(shape->x_stride, shape->x_batch_stride, shape->type);
    uint32_t y = alignment(shape->y_stride, shape->y_batch_stride, shape->result);
    cublasLtMatmulHeuristicResult_t result;
    int found = 0;
    int failed = LT(preference_set, preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace, sizeof workspace)
        || LT(preference_set, preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, &w, sizeof w)
        || LT(preference_set, preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, &x, sizeof x)
        || LT(preference_set, preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, &y, sizeof y)
        || LT(preference_set, preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, &y, sizeof y)
        || LT(heuristic, device->lt, product->description, product->w, product->x, product->y, product->y, preference,
              1, &result, &found);
    device->libraries->lt.preference_destroy(preference);
    if (failed) return 1;
    if (found == 0) {
        return cc_fail("cuBLASLt cannot multiply %lld x %lld by %lld x %lld", (long long)shape->rows,
                       (long long)shape->depth, (long long)shape->depth, (long long)shape->columns);
    }
    product->algorithm = result.algo;
    return 0;
}

/// Whether the algorithm that was chosen can have the layouts' number of rows.
static bool fits(cc_device *device, const cc_product *product) {
    cublasLtMatmulHeuristicResult_t result;
    return device->libraries->lt.check(device->lt, product->description, product->w, product->x, product->y, product->y,
                                       &product->algorithm, &result)
        == 0
        && result.workspace <= PRODUCT_WORKSPACE;
}

static int make_product(cc_device *device, const cc_product_shape *shape, cc_product *product) {
    int32_t transposed = CUBLAS_OP_T, plain = CUBLAS_OP_N;
    TRY(LT(desc_create, &product->description, CUBLAS_COMPUTE_32F, CUDA_R_32F));
    TRY(LT(desc_set, product->description, CUBLASLT_MATMUL_DESC_TRANSA, shape->is_transposed ? &transposed : &plain,
           sizeof plain));
    TRY(LT(desc_set, product->description, CUBLASLT_MATMUL_DESC_TRANSB, &plain, sizeof plain));
    if (shape->has_bias) {
        uint32_t epilogue = CUBLASLT_EPILOGUE_BIAS;
        // The choice looks at where the bias lies; biases begin like the workspace does.
        const void *bias = (const void *)device->workspace;
        TRY(LT(desc_set, product->description, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, sizeof epilogue));
        TRY(LT(desc_set, product->description, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias, sizeof bias));
    }
    product->has_bias = shape->has_bias;
    product->has_residual = shape->has_residual;
    int64_t w_rows = shape->is_transposed ? shape->depth : shape->columns;
    int64_t w_columns = shape->is_transposed ? shape->columns : shape->depth;
    TRY(make_layout(device, &product->w, shape->type, w_rows, w_columns, shape->w_stride, shape->batch,
                    shape->w_batch_stride));
    TRY(make_layouts(device, shape, shape->usual_rows, product));
    TRY(choose(device, shape, product));
    if (shape->usual_rows == shape->rows) return 0;
    device->libraries->lt.layout_destroy(product->x);
    device->libraries->lt.layout_destroy(product->y);
    product->x = product->y = NULL;
    TRY(make_layouts(device, shape, shape->rows, product));
    return fits(device, product) ? 0 : choose(device, shape, product);
}

int cc_make_product(cc_device *device, const cc_product_shape *shape, cc_product **out) {
    TRY(cc_enter(device));
    cc_product *product = calloc(1, sizeof *product);
    if (!product) return cc_fail("out of memory");
    if (make_product(device, shape, product)) {
        free_product(device, product);
        return 1;
    }
    *out = product;
    return 0;
}

int cc_multiply(
    cc_device *device,
    const cc_product *product,
    float scale,
    cc_address x,
    cc_address w,
    cc_address bias,
    cc_address residual,
    cc_address y
) {
    TRY(cc_enter(device));
    if (product->has_bias) {
        const void *pointer = (const void *)bias;
        TRY(LT(desc_set, product->description, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &pointer, sizeof pointer));
    }
    float beta = product->has_residual ? 1 : 0;
    const void *c = (const void *)(product->has_residual ? residual : y);
    return LT(matmul, device->lt, product->description, &scale, (const void *)w, product->w, (const void *)x,
              product->x, &beta, c, product->y, (void *)y, product->y, &product->algorithm,
              (void *)device->workspace, PRODUCT_WORKSPACE, device->stream);
}
