// SPDX-License-Identifier: Apache-2.0

#include "libraries.h"

#include <dlfcn.h>
#include <glob.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"

static _Thread_local char message[1024];

const char *cc_message(void) {
    return message;
}

int cc_fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return 1;
}

// MARK: Finding a library

/// Opens the first file that a pattern such as `/usr/local/cuda*/lib64/libcudnn.so.9` names.
static void *open_pattern(const char *pattern) {
    glob_t found;
    void *library = NULL;
    if (glob(pattern, 0, NULL, &found) == 0) {
        // Global, because the libraries open one another by name.
        for (size_t i = 0; i < found.gl_pathc && !library; i++) {
            library = dlopen(found.gl_pathv[i], RTLD_NOW | RTLD_GLOBAL);
        }
        globfree(&found);
    }
    return library;
}

static void *open_in(const char *directory, const char *name) {
    char pattern[PATH_MAX];
    if (snprintf(pattern, sizeof pattern, "%s/%s", directory, name) >= (int)sizeof pattern) return NULL;
    return open_pattern(pattern);
}

/// Opens a library in one of the directories that colons separate.
static void *open_in_list(const char *list, const char *name) {
    void *library = NULL;
    char *copy = strdup(list), *rest = copy;
    for (char *directory; !library && (directory = strsep(&rest, ":"));) {
        if (*directory) library = open_in(directory, name);
    }
    free(copy);
    return library;
}

/// Opens a library among the packages of the Python whose programs are in `bin`.
static void *open_in_python(const char *bin, const char *name) {
    char program[PATH_MAX], pattern[PATH_MAX];
    if (snprintf(program, sizeof program, "%s/python3", bin) >= (int)sizeof program) return NULL;
    if (access(program, X_OK) != 0) return NULL;
    // Not resolved further: a virtual environment's python3 is a link to one that does not have its packages.
    if (snprintf(pattern, sizeof pattern, "%s/../lib/python3*/site-packages/nvidia/*/lib/%s", bin, name)
        >= (int)sizeof pattern) {
        return NULL;
    }
    return open_pattern(pattern);
}

static void *open_library(const char *search, const char *const *names) {
    static const char *const usual[] = {
        "/usr/local/cuda/lib64",
        "/usr/local/cuda-1[2-9]*/lib64",
        "/usr/local/nvidia/lib64",
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/wsl/lib",
        "/usr/local/lib/python3*/dist-packages/nvidia/*/lib",
    };
    for (const char *const *name = names; *name; name++) {
        void *library = NULL;
        if (search) library = open_in_list(search, *name);
        if (!library) library = dlopen(*name, RTLD_NOW | RTLD_GLOBAL);
        for (size_t i = 0; i < sizeof usual / sizeof *usual && !library; i++) library = open_in(usual[i], *name);
        const char *path = getenv("PATH");
        if (!library && path) {
            char *copy = strdup(path), *rest = copy;
            for (char *bin; !library && (bin = strsep(&rest, ":"));) library = open_in_python(bin, *name);
            free(copy);
        }
        if (library) return library;
    }
    return NULL;
}

// MARK: Opening them all

static struct cc_libraries libraries;
static bool is_open;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;


static int open_all(const char *search) {
    static const char *const driver_names[] = {"libcuda.so.1", NULL};
    static const char *const nvrtc_names[] = {"libnvrtc.so.13", "libnvrtc.so.12", NULL};
    static const char *const lt_names[] = {"libcublasLt.so.13", "libcublasLt.so.12", NULL};
    static const char *const dnn_names[] = {"libcudnn.so.9", NULL};

    void *library = open_library(search, driver_names);
    if (!library) return cc_fail("no NVIDIA driver (libcuda.so.1) on this machine");
#define F(name, symbol, arguments) \
    if (!(*(void **)&libraries.cu.name = dlsym(library, #symbol))) return cc_fail("the NVIDIA driver has no " #symbol);
    DRIVER_FUNCTIONS(F)
#undef F

    library = open_library(search, nvrtc_names);
    if (!library) return cc_fail("NVRTC (libnvrtc.so of CUDA 12 or 13) was not found");
#define F(name, symbol, arguments) \
    if (!(*(void **)&libraries.nvrtc.name = dlsym(library, #symbol))) return cc_fail("NVRTC has no " #symbol);
    NVRTC_FUNCTIONS(F)
    F(error_string, nvrtcGetErrorString, )
#undef F

    library = open_library(search, lt_names);
    if (!library) return cc_fail("cuBLASLt (libcublasLt.so of CUDA 12 or 13) was not found");
#define F(name, symbol, arguments) \
    if (!(*(void **)&libraries.lt.name = dlsym(library, #symbol))) return cc_fail("cuBLASLt has no " #symbol);
    CUBLASLT_FUNCTIONS(F)
    F(version, cublasLtGetVersion, )
#undef F

    library = open_library(search, dnn_names);
    if (!library) return cc_fail("cuDNN 9 (libcudnn.so.9) was not found");
#define F(name, symbol, arguments) \
    if (!(*(void **)&libraries.dnn.name = dlsym(library, #symbol))) return cc_fail("cuDNN has no " #symbol);
    CUDNN_FUNCTIONS(F)
    F(version, cudnnGetVersion, )
    F(error_string, cudnnGetErrorString, )
    F(last_error, cudnnGetLastErrorString, )
#undef F
    return 0;
}

const struct cc_libraries *cc_open_libraries(const char *search) {
    pthread_mutex_lock(&mutex);
    if (!is_open) is_open = open_all(search) == 0;
    const struct cc_libraries *result = is_open ? &libraries : NULL;
    pthread_mutex_unlock(&mutex);
    return result;
}
