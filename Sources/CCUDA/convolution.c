// SPDX-License-Identifier: Apache-2.0
//
// Convolutions by cuDNN's graph interface: an operation graph of one node, and the first engine that its heuristics name
// and that suits. No trial runs, so that the choice, and with it every bit, is the same in each process.

#include <stdlib.h>

#include "device.h"

struct cc_convolution {
    cudnnBackendDescriptor_t plan;
};

#define TRY(call) \
    do { \
        if (call) return 1; \
    } while (0)
#define DNN(name, ...) cc_check_dnn(device, device->libraries->dnn.name(__VA_ARGS__), #name)

enum { X = 'x', W = 'w', Y = 'y' };

/// The most configurations that are looked at.
#define CONFIGURATIONS 24

static int64_t dnn_type(cc_type type) {
    switch (type) {
        case CC_FLOAT16: return CUDNN_DATA_HALF;
        case CC_BFLOAT16: return CUDNN_DATA_BFLOAT16;
        default: return CUDNN_DATA_FLOAT;
    }
}

// MARK: Descriptors

static int make(cc_device *device, int type, cudnnBackendDescriptor_t *descriptor) {
    return DNN(descriptor_create, type, descriptor);
}

static int set(cc_device *device, cudnnBackendDescriptor_t d, int name, int type, int64_t count, const void *values) {
    return DNN(descriptor_set, d, name, type, count, values);
}

static void release(cc_device *device, cudnnBackendDescriptor_t descriptor) {
    if (descriptor) device->libraries->dnn.descriptor_destroy(descriptor);
}

/// A tensor of `[n, h, w, c]` in memory, which cuDNN names in the order n, c, h, w.
static int make_tensor(
    cc_device *device,
    cudnnBackendDescriptor_t *tensor,
    int64_t name,
    cc_type type,
    int64_t n,
    int64_t h,
    int64_t w,
    int64_t c
) {
    int64_t extents[] = {n, c, h, w}, strides[] = {h * w * c, 1, w * c, c};
    int64_t alignment = 16;
    int32_t element = (int32_t)dnn_type(type);
    TRY(make(device, CUDNN_BACKEND_TENSOR_DESCRIPTOR, tensor));
    TRY(set(device, *tensor, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &element));
    TRY(set(device, *tensor, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 4, extents));
    TRY(set(device, *tensor, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, 4, strides));
    TRY(set(device, *tensor, CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, &name));
    TRY(set(device, *tensor, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, 1, &alignment));
    return DNN(descriptor_finalize, *tensor);
}

static int make_geometry(cc_device *device, cudnnBackendDescriptor_t *geometry, const cc_convolution_shape *shape) {
    int64_t axes = 2, dilations[] = {1, 1}, strides[] = {shape->stride, shape->stride};
    int64_t before[] = {shape->leading, shape->leading}, after[] = {shape->trailing, shape->trailing};
    int32_t compute = CUDNN_DATA_FLOAT, mode = CUDNN_CROSS_CORRELATION;
    TRY(make(device, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, geometry));
    TRY(set(device, *geometry, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &compute));
    TRY(set(device, *geometry, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode));
    TRY(set(device, *geometry, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, 1, &axes));
    TRY(set(device, *geometry, CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, 2, dilations));
    TRY(set(device, *geometry, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64, 2, strides));
    TRY(set(device, *geometry, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, 2, before));
    TRY(set(device, *geometry, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64, 2, after));
    return DNN(descriptor_finalize, *geometry);
}

/// What a plan is made of, in the order in which it is made.
struct parts {
    cudnnBackendDescriptor_t x, w, y, geometry, operation, graph;
};

static void release_parts(cc_device *device, struct parts *parts) {
    release(device, parts->graph);
    release(device, parts->operation);
    release(device, parts->geometry);
    release(device, parts->y);
    release(device, parts->w);
    release(device, parts->x);
}

static int make_graph(cc_device *device, const cc_convolution_shape *s, int64_t rows, struct parts *parts) {
    int64_t height = (s->height + s->leading + s->trailing - s->kernel) / s->stride + 1;
    int64_t width = (s->width + s->leading + s->trailing - s->kernel) / s->stride + 1;
    TRY(make_tensor(device, &parts->x, X, s->type, rows, s->height, s->width, s->inputs));
    TRY(make_tensor(device, &parts->w, W, s->type, s->outputs, s->kernel, s->kernel, s->inputs));
    TRY(make_tensor(device, &parts->y, Y, s->type, rows, height, width, s->outputs));
    TRY(make_geometry(device, &parts->geometry, s));

    float one = 1, zero = 0;
    cudnnBackendDescriptor_t *operation = &parts->operation;
    TRY(make(device, CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, operation));
    TRY(set(device, *operation, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1,
            &parts->x));
    TRY(set(device, *operation, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1,
            &parts->w));
    TRY(set(device, *operation, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1,
            &parts->y));
    TRY(set(device, *operation, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1,
            &parts->geometry));
    TRY(set(device, *operation, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_TYPE_FLOAT, 1, &one));
    TRY(set(device, *operation, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, CUDNN_TYPE_FLOAT, 1, &zero));
    TRY(DNN(descriptor_finalize, *operation));

    TRY(make(device, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, &parts->graph));
    TRY(set(device, parts->graph, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, 1, &device->dnn));
    TRY(set(device, parts->graph, CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, operation));
    return DNN(descriptor_finalize, parts->graph);
}

// MARK: Choosing an engine

/// Whether an engine of a configuration has one of the notes whose bits are set.
static bool has_note(cc_device *device, cudnnBackendDescriptor_t configuration, int name, int type, unsigned wanted) {
    const struct cc_libraries *libraries = device->libraries;
    cudnnBackendDescriptor_t engine = NULL;
    if (make(device, CUDNN_BACKEND_ENGINE_DESCRIPTOR, &engine)) return true;
    int64_t count = 0;
    int32_t notes[32];
    bool found = libraries->dnn.descriptor_get(configuration, CUDNN_ATTR_ENGINECFG_ENGINE,
                                               CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &count, &engine)
            != 0
        || libraries->dnn.descriptor_get(engine, name, type, 32, &count, notes) != 0;
    for (int64_t i = 0; !found && i < count && i < 32; i++) {
        found = notes[i] >= 0 && notes[i] < 32 && (wanted & 1u << notes[i]) != 0;
    }
    release(device, engine);
    return found;
}

/// A plan of a configuration, if the engine takes the shape and the workspace is enough.
static cudnnBackendDescriptor_t make_plan(cc_device *device, cudnnBackendDescriptor_t configuration) {
    cudnnBackendDescriptor_t plan = NULL;
    int64_t workspace = 0, count = 0;
    if (make(device, CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, &plan)) return NULL;
    if (set(device, plan, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1, &device->dnn)
        || set(device, plan, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &configuration)
        || DNN(descriptor_finalize, plan)
        || DNN(descriptor_get, plan, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, 1, &count, &workspace)
        || workspace > (int64_t)CC_WORKSPACE) {
        release(device, plan);
        return NULL;
    }
    return plan;
}

/// An engine and how its knobs are turned: a configuration without its shapes.
struct choice {
    int64_t engine, count;
    int32_t types[32];
    int64_t values[32];
};

/// Reads a configuration's choice.
static int read_choice(cc_device *device, cudnnBackendDescriptor_t configuration, struct choice *choice) {
    cudnnBackendDescriptor_t engine = NULL, knobs[32] = {0};
    int64_t count = 0;
    int failed = make(device, CUDNN_BACKEND_ENGINE_DESCRIPTOR, &engine)
        || DNN(descriptor_get, configuration, CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &count,
               &engine)
        || DNN(descriptor_get, engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, 1, &count, &choice->engine);
    for (int i = 0; !failed && i < 32; i++) failed = make(device, CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR, &knobs[i]);
    choice->count = 0;
    failed = failed
        || DNN(descriptor_get, configuration, CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, CUDNN_TYPE_BACKEND_DESCRIPTOR, 32,
               &choice->count, knobs);
    if (choice->count > 32) choice->count = 32;
    for (int64_t i = 0; !failed && i < choice->count; i++) {
        failed = DNN(descriptor_get, knobs[i], CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE, 1, &count,
                     &choice->types[i])
            || DNN(descriptor_get, knobs[i], CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, CUDNN_TYPE_INT64, 1, &count,
                   &choice->values[i]);
    }
    for (int i = 0; i < 32; i++) release(device, knobs[i]);
    release(device, engine);
    return failed;
}

/// The plan of a choice for a graph, if the engine can have it.
static cudnnBackendDescriptor_t make_chosen(
    cc_device *device,
    cudnnBackendDescriptor_t graph,
    const struct choice *choice
) {
    cudnnBackendDescriptor_t engine = NULL, configuration = NULL, plan = NULL, knobs[32] = {0};
    int failed = make(device, CUDNN_BACKEND_ENGINE_DESCRIPTOR, &engine)
        || set(device, engine, CUDNN_ATTR_ENGINE_OPERATION_GRAPH, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &graph)
        || set(device, engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, 1, &choice->engine)
        || DNN(descriptor_finalize, engine)
        || make(device, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, &configuration)
        || set(device, configuration, CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &engine);
    for (int64_t i = 0; !failed && i < choice->count; i++) {
        failed = make(device, CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR, &knobs[i])
            || set(device, knobs[i], CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE, 1, &choice->types[i])
            || set(device, knobs[i], CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, CUDNN_TYPE_INT64, 1, &choice->values[i])
            || DNN(descriptor_finalize, knobs[i]);
    }
    failed = failed
        || (choice->count > 0
            && set(device, configuration, CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                   choice->count, knobs))
        || DNN(descriptor_finalize, configuration);
    if (!failed) plan = make_plan(device, configuration);
    for (int i = 0; i < 32; i++) release(device, knobs[i]);
    release(device, configuration);
    release(device, engine);
    return plan;
}

/// The first plan that suits of those that cuDNN's rules name, and what was chosen.
static cudnnBackendDescriptor_t choose(
    cc_device *device,
    cudnnBackendDescriptor_t graph,
    int32_t mode,
    bool is_float32,
    struct choice *choice
) {
    cudnnBackendDescriptor_t heuristics = NULL, plan = NULL, configurations[CONFIGURATIONS] = {0};
    int64_t count = 0;
    bool failed = make(device, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, &heuristics)
        || set(device, heuristics, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &graph)
        || set(device, heuristics, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode)
        || DNN(descriptor_finalize, heuristics);
    for (int i = 0; !failed && i < CONFIGURATIONS; i++) {
        failed = make(device, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, &configurations[i]);
    }
    failed = failed
        || DNN(descriptor_get, heuristics, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, CONFIGURATIONS,
               &count, configurations);
    // float32 means float32: no engine that rounds its operands for the tensor cores. And none whose sums' order changes.
    unsigned rounding = 1u << CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC
        | (is_float32 ? 1u << CUDNN_NUMERICAL_NOTE_TENSOR_CORE | 1u << CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS
                      : 1u << CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION);
    for (int64_t i = 0; !failed && !plan && i < count && i < CONFIGURATIONS; i++) {
        // Engines that are compiled for each shape would make the first picture wait.
        if (has_note(device, configurations[i], CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, CUDNN_TYPE_BEHAVIOR_NOTE,
                     1u << CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION)
            || has_note(device, configurations[i], CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE,
                        rounding)) {
            continue;
        }
        plan = make_plan(device, configurations[i]);
        if (plan && read_choice(device, configurations[i], choice)) choice->engine = -1;
    }
    for (int i = 0; i < CONFIGURATIONS; i++) release(device, configurations[i]);
    release(device, heuristics);
    return plan;
}

/// A plan for so many rows by cuDNN's rules.
static cudnnBackendDescriptor_t plan_rows(
    cc_device *device,
    const cc_convolution_shape *shape,
    int64_t rows,
    struct choice *choice
) {
    struct parts parts = {0};
    cudnnBackendDescriptor_t plan = NULL;
    bool is_float32 = shape->type == CC_FLOAT32;
    if (make_graph(device, shape, rows, &parts) == 0) {
        plan = choose(device, parts.graph, CUDNN_HEUR_MODE_A, is_float32, choice);
        if (!plan) plan = choose(device, parts.graph, CUDNN_HEUR_MODE_FALLBACK, is_float32, choice);
    }
    release_parts(device, &parts);
    return plan;
}

/// A plan for the shape's rows with the engine that was chosen for other rows.
static cudnnBackendDescriptor_t plan_chosen(
    cc_device *device,
    const cc_convolution_shape *shape,
    const struct choice *choice
) {
    struct parts parts = {0};
    cudnnBackendDescriptor_t plan = NULL;
    if (choice->engine >= 0 && make_graph(device, shape, shape->rows, &parts) == 0) {
        plan = make_chosen(device, parts.graph, choice);
    }
    release_parts(device, &parts);
    return plan;
}

int cc_make_convolution(cc_device *device, const cc_convolution_shape *shape, cc_convolution **out) {
    TRY(cc_enter(device));
    struct choice choice = {.engine = -1};
    cudnnBackendDescriptor_t plan = plan_rows(device, shape, shape->usual_rows, &choice);
    if (plan && shape->usual_rows != shape->rows) {
        release(device, plan);
        plan = plan_chosen(device, shape, &choice);
        if (!plan) plan = plan_rows(device, shape, shape->rows, &choice);
    }
    if (!plan) {
        return cc_fail("cuDNN has no engine for a convolution of %lld x %lld x %lld x %lld to %lld, kernel %lld",
                       (long long)shape->rows, (long long)shape->height, (long long)shape->width,
                       (long long)shape->inputs, (long long)shape->outputs, (long long)shape->kernel);
    }
    cc_convolution *convolution = calloc(1, sizeof *convolution);
    if (!convolution) {
        release(device, plan);
        return cc_fail("out of memory");
    }
    convolution->plan = plan;
    *out = convolution;
    return 0;
}

int cc_convolve(cc_device *device, cc_convolution *convolution, cc_address x, cc_address w, cc_address y) {
    TRY(cc_enter(device));
    int64_t names[] = {X, W, Y};
    void *pointers[] = {(void *)x, (void *)w, (void *)y}, *workspace = (void *)device->workspace;
    cudnnBackendDescriptor_t operands = NULL;
    TRY(make(device, CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, &operands));
    int failed = set(device, operands, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, 3, names)
        || set(device, operands, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, 3, pointers)
        || set(device, operands, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &workspace)
        || DNN(descriptor_finalize, operands)
        || DNN(execute, device->dnn, convolution->plan, operands);
    release(device, operands);
    return failed;
}
