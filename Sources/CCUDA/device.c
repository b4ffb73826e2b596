// SPDX-License-Identifier: Apache-2.0

#include "device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t cc_type_size(cc_type type) {
    return type == CC_FLOAT32 ? 4 : 2;
}

// MARK: Errors

int cc_check_driver(const cc_device *device, int code, const char *what) {
    if (code == 0) return 0;
    const char *name = NULL, *text = NULL;
    device->libraries->cu.error_name(code, &name);
    device->libraries->cu.error_string(code, &text);
    return cc_fail("%s: %s (%s)", what, name ? name : "unknown error", text ? text : "no description");
}

int cc_check_lt(int code, const char *what) {
    return code == 0 ? 0 : cc_fail("%s: cuBLASLt status %d", what, code);
}

int cc_check_dnn(const cc_device *device, int code, const char *what) {
    if (code == 0) return 0;
    char detail[512] = "";
    device->libraries->dnn.last_error(detail, sizeof detail);
    return cc_fail("%s: %s: %s", what, device->libraries->dnn.error_string(code), detail);
}

int cc_enter(const cc_device *device) {
    static _Thread_local CUcontext current;
    if (current == device->context) return 0;
    if (cc_check_driver(device, device->libraries->cu.context_set(device->context), "cuCtxSetCurrent")) return 1;
    current = device->context;
    return 0;
}

#define TRY(call) \
    do { \
        if (call) return 1; \
    } while (0)
#define CU(name, ...) cc_check_driver(device, device->libraries->cu.name(__VA_ARGS__), #name)

// MARK: Device

static int open_device(cc_device *device, int ordinal) {
    cc_properties *properties = &device->properties;
    int count = 0, handle = 0;
    // Without a GPU the driver's first answer is an error: say what it means.
    int code = device->libraries->cu.init(0);
    if (code == 0) code = device->libraries->cu.device_count(&count);
    if (code == 100) return cc_fail("no NVIDIA GPU on this machine");
    TRY(cc_check_driver(device, code, "the NVIDIA driver"));
    if (ordinal >= count) return cc_fail("no GPU %d: this machine has %d", ordinal, count);
    TRY(CU(device_get, &handle, ordinal));
    device->ordinal = handle;
    TRY(CU(device_name, properties->name, sizeof properties->name, handle));
    TRY(CU(device_attribute, &properties->major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, handle));
    TRY(CU(device_attribute, &properties->minor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, handle));
    TRY(CU(device_attribute, &properties->multiprocessors, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, handle));
    TRY(CU(device_memory, &properties->memory, handle));
    TRY(CU(driver_version, &properties->driver));
    if (properties->major < 8) {
        return cc_fail("%s has compute capability %d.%d; 8.0 is needed", properties->name, properties->major,
                       properties->minor);
    }
    int major = 0, minor = 0;
    device->libraries->nvrtc.version(&major, &minor);
    properties->nvrtc = 1000 * major + 10 * minor;
    properties->cublaslt = device->libraries->lt.version();
    properties->cudnn = device->libraries->dnn.version();
    TRY(CU(context_retain, &device->context, handle));
    TRY(cc_enter(device));
    TRY(CU(stream_create, &device->stream, CU_STREAM_NON_BLOCKING));
    TRY(CU(allocate, &device->workspace, CC_WORKSPACE));
    TRY(cc_check_lt(device->libraries->lt.create(&device->lt), "cublasLtCreate"));
    TRY(cc_check_dnn(device, device->libraries->dnn.create(&device->dnn), "cudnnCreate"));
    TRY(cc_check_dnn(device, device->libraries->dnn.set_stream(device->dnn, device->stream), "cudnnSetStream"));
    return 0;
}

int cc_open(cc_device **out, int ordinal, const char *search) {
    const struct cc_libraries *libraries = cc_open_libraries(search);
    if (!libraries) return 1;
    cc_device *device = calloc(1, sizeof *device);
    if (!device) return cc_fail("out of memory");
    device->libraries = libraries;
    if (open_device(device, ordinal)) {
        cc_close(device);
        return 1;
    }
    *out = device;
    return 0;
}

void cc_close(cc_device *device) {
    if (device->context) {
        cc_enter(device);
        if (device->stream) device->libraries->cu.stream_synchronize(device->stream);
        if (device->dnn) device->libraries->dnn.destroy(device->dnn);
        if (device->lt) device->libraries->lt.destroy(device->lt);
        if (device->workspace) device->libraries->cu.release(device->workspace);
        if (device->stream) device->libraries->cu.stream_destroy(device->stream);
        device->libraries->cu.context_release(device->ordinal);
    }
    free(device);
}

cc_properties cc_device_properties(const cc_device *device) {
    return device->properties;
}

int cc_synchronize(cc_device *device) {
    TRY(cc_enter(device));
    return CU(stream_synchronize, device->stream);
}

// MARK: Memory

int cc_allocate(cc_device *device, size_t bytes, cc_address *address) {
    TRY(cc_enter(device));
    CUdeviceptr pointer = 0;
    if (device->libraries->cu.allocate(&pointer, bytes) != 0) {
        return cc_fail("the GPU has no %zu MiB of memory left", bytes >> 20);
    }
    *address = pointer;
    return 0;
}

int cc_free(cc_device *device, cc_address address) {
    TRY(cc_enter(device));
    return CU(release, address);
}

int cc_allocate_host(cc_device *device, size_t bytes, void **pointer) {
    TRY(cc_enter(device));
    return CU(allocate_host, pointer, bytes);
}

int cc_free_host(cc_device *device, void *pointer) {
    TRY(cc_enter(device));
    return CU(release_host, pointer);
}

int cc_copy_in(cc_device *device, cc_address to, const void *from, size_t bytes) {
    TRY(cc_enter(device));
    return CU(copy_in, to, from, bytes, device->stream);
}

int cc_copy_out(cc_device *device, void *to, cc_address from, size_t bytes) {
    TRY(cc_enter(device));
    return CU(copy_out, to, from, bytes, device->stream);
}

int cc_copy(cc_device *device, cc_address to, cc_address from, size_t bytes) {
    TRY(cc_enter(device));
    return CU(copy, to, from, bytes, device->stream);
}

int cc_free_memory(cc_device *device, size_t *bytes) {
    size_t total = 0;
    TRY(cc_enter(device));
    return CU(memory_info, bytes, &total);
}

// MARK: Kernels

int cc_compile(
    cc_device *device,
    const char *source,
    const char *name,
    const char *options,
    char **code,
    size_t *size
) {
    const char *list[16];
    int count = 0;
    char *copy = strdup(options), *rest = copy;
    for (char *option; count < 16 && (option = strsep(&rest, " "));) {
        if (*option) list[count++] = option;
    }
    nvrtcProgram program = NULL;
    int result = device->libraries->nvrtc.create(&program, source, name, 0, NULL, NULL);
    if (result == 0) result = device->libraries->nvrtc.compile(program, count, list);
    free(copy);
    int failed = 0;
    if (result != 0) {
        char log[768] = "";
        size_t length = 0;
        if (program && device->libraries->nvrtc.log_size(program, &length) == 0 && length > 1) {
            char *whole = malloc(length);
            if (whole && device->libraries->nvrtc.log(program, whole) == 0) snprintf(log, sizeof log, "%s", whole);
            free(whole);
        }
        failed = cc_fail("%s: %s: %s", name, device->libraries->nvrtc.error_string(result), log);
    } else if (device->libraries->nvrtc.code_size(program, size) != 0 || !(*code = malloc(*size))
               || device->libraries->nvrtc.code(program, *code) != 0) {
        failed = cc_fail("%s: NVRTC gave no machine code", name);
    }
    if (program) device->libraries->nvrtc.destroy(&program);
    return failed;
}

int cc_load(cc_device *device, const void *code, void **module) {
    TRY(cc_enter(device));
    CUmodule loaded = NULL;
    TRY(CU(module_load, &loaded, code));
    *module = loaded;
    return 0;
}

int cc_find(cc_device *device, void *module, const char *name, int shared, cc_function **function) {
    TRY(cc_enter(device));
    CUfunction found = NULL;
    TRY(cc_check_driver(device, device->libraries->cu.module_function(&found, module, name), name));
    if (shared > 48 << 10) {
        TRY(CU(function_attribute, found, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, shared));
    }
    *function = (cc_function *)found;
    return 0;
}

int cc_launch(
    cc_device *device,
    cc_function *function,
    cc_extent grid,
    cc_extent block,
    unsigned shared,
    void **arguments
) {
    TRY(cc_enter(device));
    return CU(launch, (CUfunction)function, grid.x, grid.y, grid.z, block.x, block.y, block.z, shared, device->stream,
              arguments, NULL);
}

// MARK: Graphs

int cc_begin_recording(cc_device *device) {
    TRY(cc_enter(device));
    // Relaxed: memory may be asked for meanwhile.
    return CU(capture_begin, device->stream, CU_STREAM_CAPTURE_MODE_RELAXED);
}

int cc_end_recording(cc_device *device, cc_graph **graph) {
    TRY(cc_enter(device));
    CUgraph recorded = NULL;
    CUgraphExec executable = NULL;
    TRY(CU(capture_end, device->stream, &recorded));
    int failed = CU(graph_instantiate, &executable, recorded, 0);
    device->libraries->cu.graph_destroy(recorded);
    *graph = (cc_graph *)executable;
    return failed;
}

int cc_replay(cc_device *device, const cc_graph *graph) {
    TRY(cc_enter(device));
    return CU(graph_launch, (CUgraphExec)graph, device->stream);
}

void cc_free_graph(cc_device *device, cc_graph *graph) {
    if (cc_enter(device) == 0) device->libraries->cu.graph_exec_destroy((CUgraphExec)graph);
}

// MARK: Time

struct cc_timer {
    CUevent start, stop;
};

int cc_make_timer(cc_device *device, cc_timer **out) {
    TRY(cc_enter(device));
    cc_timer *timer = calloc(1, sizeof *timer);
    if (!timer) return cc_fail("out of memory");
    if (CU(event_create, &timer->start, 0) || CU(event_create, &timer->stop, 0)) {
        cc_free_timer(device, timer);
        return 1;
    }
    *out = timer;
    return 0;
}

void cc_free_timer(cc_device *device, cc_timer *timer) {
    if (cc_enter(device) == 0) {
        if (timer->start) device->libraries->cu.event_destroy(timer->start);
        if (timer->stop) device->libraries->cu.event_destroy(timer->stop);
    }
    free(timer);
}

int cc_start(cc_device *device, cc_timer *timer) {
    TRY(cc_enter(device));
    return CU(event_record, timer->start, device->stream);
}

int cc_stop(cc_device *device, cc_timer *timer, float *milliseconds) {
    TRY(cc_enter(device));
    TRY(CU(event_record, timer->stop, device->stream));
    TRY(CU(event_synchronize, timer->stop));
    return CU(event_elapsed, milliseconds, timer->start, timer->stop);
}
