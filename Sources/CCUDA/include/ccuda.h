// SPDX-License-Identifier: Apache-2.0
//
// An NVIDIA GPU through its driver, NVRTC, cuBLASLt and cuDNN, all opened at run time: nothing of CUDA is needed to build
// this, and a machine without a GPU says so in one line.
//
// A device has one stream; calls are made by one thread at a time, and all but those that say otherwise return before the
// GPU has done the work. Functions return 0, or another number after which `cc_message` says what went wrong.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cc_device cc_device;
typedef struct cc_graph cc_graph;
typedef struct cc_product cc_product;
typedef struct cc_convolution cc_convolution;
typedef struct cc_function cc_function;
typedef struct cc_timer cc_timer;

/// An address in the GPU's memory.
typedef uint64_t cc_address;

/// The type of the elements of activations and weights.
typedef enum { CC_FLOAT32, CC_FLOAT16, CC_BFLOAT16 } cc_type;

/// Bytes of an element.
size_t cc_type_size(cc_type type);

/// What the last call of this thread that failed says; never null.
const char *_Nonnull cc_message(void);

// MARK: Device

typedef struct {
    char name[128];
    /// The compute capability.
    int major, minor;
    int multiprocessors;
    size_t memory;
    /// Versions as the libraries number them: 13000 is 13.0 of the driver and of NVRTC.
    int driver, nvrtc;
    size_t cublaslt, cudnn;
} cc_properties;

/// Opens GPU `ordinal` and the libraries.
///
/// Libraries are looked for in the directories of `search` (separated by colons; may be null), then where the system's
/// loader looks, in CUDA's usual places, and in the packages of the Python that is first on the path.
int cc_open(cc_device *_Nullable *_Nonnull device, int ordinal, const char *_Nullable search);
void cc_close(cc_device *_Nonnull device);
cc_properties cc_device_properties(const cc_device *_Nonnull device);
/// Waits until the GPU has done everything.
int cc_synchronize(cc_device *_Nonnull device);

// MARK: Memory

int cc_allocate(cc_device *_Nonnull device, size_t bytes, cc_address *_Nonnull address);
int cc_free(cc_device *_Nonnull device, cc_address address);
/// Memory of the host that the GPU reads and writes at full speed.
int cc_allocate_host(cc_device *_Nonnull device, size_t bytes, void *_Nullable *_Nonnull pointer);
int cc_free_host(cc_device *_Nonnull device, void *_Nonnull pointer);
/// The host's memory must stay as it is until the copy is done.
int cc_copy_in(cc_device *_Nonnull device, cc_address to, const void *_Nonnull from, size_t bytes);
int cc_copy_out(cc_device *_Nonnull device, void *_Nonnull to, cc_address from, size_t bytes);
int cc_copy(cc_device *_Nonnull device, cc_address to, cc_address from, size_t bytes);
/// Bytes of the GPU's memory that are free, whoever holds the rest.
int cc_free_memory(cc_device *_Nonnull device, size_t *_Nonnull bytes);

// MARK: Kernels

/// Compiles CUDA C for the GPU; `options` are separated by spaces. The machine code is to be freed with `free`.
int cc_compile(
    cc_device *_Nonnull device,
    const char *_Nonnull source,
    const char *_Nonnull name,
    const char *_Nonnull options,
    char *_Nullable *_Nonnull code,
    size_t *_Nonnull size
);
/// Loads machine code for as long as the device is open.
int cc_load(cc_device *_Nonnull device, const void *_Nonnull code, void *_Nullable *_Nonnull module);
/// A kernel of a module, allowed `shared` bytes of dynamic shared memory.
int cc_find(
    cc_device *_Nonnull device,
    void *_Nonnull module,
    const char *_Nonnull name,
    int shared,
    cc_function *_Nullable *_Nonnull function
);
typedef struct {
    unsigned x, y, z;
} cc_extent;
/// Starts a kernel; `arguments` points to each of its arguments.
int cc_launch(
    cc_device *_Nonnull device,
    cc_function *_Nonnull function,
    cc_extent grid,
    cc_extent block,
    unsigned shared,
    void *_Nullable *_Nonnull arguments
);

// MARK: Matrix products

/// `y = x · W + bias + residual` over `batch` matrices, accumulated in float32.
typedef struct {
    cc_type type;
    /// The type of `y` and of `residual`.
    cc_type result;
    int64_t rows, columns, depth;
    /// The number of rows that the algorithm is chosen for: where it is the same, rows are computed the same, unless the
    /// library has nothing like it for `rows`.
    int64_t usual_rows;
    /// Elements from one row to the next, of `x`, of `w` and of `y`.
    int64_t x_stride, w_stride, y_stride;
    /// Whether `w` is `[columns, depth]`, as a layer's weights are, and not `[depth, columns]`.
    bool is_transposed;
    bool has_bias;
    bool has_residual;
    int64_t batch;
    /// Elements from one matrix to the next; 0 uses the same one.
    int64_t x_batch_stride, w_batch_stride, y_batch_stride;
} cc_product_shape;

int cc_make_product(
    cc_device *_Nonnull device,
    const cc_product_shape *_Nonnull shape,
    cc_product *_Nullable *_Nonnull product
);
int cc_multiply(
    cc_device *_Nonnull device,
    const cc_product *_Nonnull product,
    float scale,
    cc_address x,
    cc_address w,
    cc_address bias,
    cc_address residual,
    cc_address y
);

// MARK: Convolutions

/// A convolution without bias over `[rows, height, width, inputs]` with weights `[outputs, kernel, kernel, inputs]`.
typedef struct {
    cc_type type;
    int64_t rows, height, width, inputs, outputs, kernel, stride;
    /// The number of rows that the algorithm is chosen for: where it is the same, rows are computed the same, unless the
    /// library has nothing like it for `rows`.
    int64_t usual_rows;
    /// Zeros before the first and after the last pixel of each axis.
    int64_t leading, trailing;
} cc_convolution_shape;

int cc_make_convolution(
    cc_device *_Nonnull device,
    const cc_convolution_shape *_Nonnull shape,
    cc_convolution *_Nullable *_Nonnull convolution
);
int cc_convolve(
    cc_device *_Nonnull device,
    cc_convolution *_Nonnull convolution,
    cc_address x,
    cc_address w,
    cc_address y
);

// MARK: Graphs

/// Records what is started from here on instead of doing it.
int cc_begin_recording(cc_device *_Nonnull device);
int cc_end_recording(cc_device *_Nonnull device, cc_graph *_Nullable *_Nonnull graph);
int cc_replay(cc_device *_Nonnull device, const cc_graph *_Nonnull graph);
void cc_free_graph(cc_device *_Nonnull device, cc_graph *_Nonnull graph);

// MARK: Time

/// Measures time on the GPU itself.
int cc_make_timer(cc_device *_Nonnull device, cc_timer *_Nullable *_Nonnull timer);
void cc_free_timer(cc_device *_Nonnull device, cc_timer *_Nonnull timer);
int cc_start(cc_device *_Nonnull device, cc_timer *_Nonnull timer);
/// Waits for what was started since, and says how long it took.
int cc_stop(cc_device *_Nonnull device, cc_timer *_Nonnull timer, float *_Nonnull milliseconds);
