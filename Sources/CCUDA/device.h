// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ccuda.h"
#include "libraries.h"

/// Bytes of scratch that products and convolutions share: the stream does one after the other.
#define CC_WORKSPACE ((size_t)256 << 20)

struct cc_device {
    const struct cc_libraries *libraries;
    int ordinal;
    CUcontext context;
    CUstream stream;
    cublasLtHandle_t lt;
    cudnnHandle_t dnn;
    CUdeviceptr workspace;
    cc_properties properties;
};

/// Remembers what went wrong, and returns 1.
int cc_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/// 0, or after remembering what the driver says of `code`, 1.
int cc_check_driver(const cc_device *device, int code, const char *what);
int cc_check_lt(int code, const char *what);
int cc_check_dnn(const cc_device *device, int code, const char *what);
/// Makes the device's context this thread's.
int cc_enter(const cc_device *device);
