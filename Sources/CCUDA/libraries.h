// SPDX-License-Identifier: Apache-2.0
//
// What is called of the driver, NVRTC, cuBLASLt and cuDNN: own declarations of their documented, stable interfaces.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// MARK: Driver (cuda.h)

typedef struct CUctx_st *CUcontext;
typedef struct CUstream_st *CUstream;
typedef struct CUgraph_st *CUgraph;
typedef struct CUgraphExec_st *CUgraphExec;
typedef struct CUevent_st *CUevent;
typedef struct CUmod_st *CUmodule;
typedef struct CUfunc_st *CUfunction;
typedef unsigned long long CUdeviceptr;

enum {
    CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT = 16,
    CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR = 75,
    CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR = 76,
    CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES = 8,
    CU_STREAM_NON_BLOCKING = 1,
    CU_STREAM_CAPTURE_MODE_RELAXED = 2,
};

// name, symbol, arguments
#define DRIVER_FUNCTIONS(F) \
    F(init, cuInit, (unsigned)) \
    F(error_name, cuGetErrorName, (int, const char **)) \
    F(error_string, cuGetErrorString, (int, const char **)) \
    F(driver_version, cuDriverGetVersion, (int *)) \
    F(device_count, cuDeviceGetCount, (int *)) \
    F(device_get, cuDeviceGet, (int *, int)) \
    F(device_name, cuDeviceGetName, (char *, int, int)) \
    F(device_attribute, cuDeviceGetAttribute, (int *, int, int)) \
    F(device_memory, cuDeviceTotalMem_v2, (size_t *, int)) \
    F(context_retain, cuDevicePrimaryCtxRetain, (CUcontext *, int)) \
    F(context_release, cuDevicePrimaryCtxRelease_v2, (int)) \
    F(context_set, cuCtxSetCurrent, (CUcontext)) \
    F(memory_info, cuMemGetInfo_v2, (size_t *, size_t *)) \
    F(allocate, cuMemAlloc_v2, (CUdeviceptr *, size_t)) \
    F(release, cuMemFree_v2, (CUdeviceptr)) \
    F(allocate_host, cuMemAllocHost_v2, (void **, size_t)) \
    F(release_host, cuMemFreeHost, (void *)) \
    F(copy_in, cuMemcpyHtoDAsync_v2, (CUdeviceptr, const void *, size_t, CUstream)) \
    F(copy_out, cuMemcpyDtoHAsync_v2, (void *, CUdeviceptr, size_t, CUstream)) \
    F(copy, cuMemcpyDtoDAsync_v2, (CUdeviceptr, CUdeviceptr, size_t, CUstream)) \
    F(stream_create, cuStreamCreate, (CUstream *, unsigned)) \
    F(stream_synchronize, cuStreamSynchronize, (CUstream)) \
    F(stream_destroy, cuStreamDestroy_v2, (CUstream)) \
    F(capture_begin, cuStreamBeginCapture_v2, (CUstream, int)) \
    F(capture_end, cuStreamEndCapture, (CUstream, CUgraph *)) \
    F(graph_instantiate, cuGraphInstantiateWithFlags, (CUgraphExec *, CUgraph, unsigned long long)) \
    F(graph_launch, cuGraphLaunch, (CUgraphExec, CUstream)) \
    F(graph_exec_destroy, cuGraphExecDestroy, (CUgraphExec)) \
    F(graph_destroy, cuGraphDestroy, (CUgraph)) \
    F(event_create, cuEventCreate, (CUevent *, unsigned)) \
    F(event_record, cuEventRecord, (CUevent, CUstream)) \
    F(event_synchronize, cuEventSynchronize, (CUevent)) \
    F(event_elapsed, cuEventElapsedTime, (float *, CUevent, CUevent)) \
    F(event_destroy, cuEventDestroy_v2, (CUevent)) \
    F(module_load, cuModuleLoadData, (CUmodule *, const void *)) \
    F(module_unload, cuModuleUnload, (CUmodule)) \
    F(module_function, cuModuleGetFunction, (CUfunction *, CUmodule, const char *)) \
    F(function_attribute, cuFuncSetAttribute, (CUfunction, int, int)) \
    F(launch, \
      cuLaunchKernel, \
      (CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, CUstream, void **, void **))

// MARK: NVRTC (nvrtc.h)

typedef struct _nvrtcProgram *nvrtcProgram;

#define NVRTC_FUNCTIONS(F) \
    F(version, nvrtcVersion, (int *, int *)) \
    F(create, \
      nvrtcCreateProgram, \
      (nvrtcProgram *, const char *, const char *, int, const char *const *, const char *const *)) \
    F(compile, nvrtcCompileProgram, (nvrtcProgram, int, const char *const *)) \
    F(log_size, nvrtcGetProgramLogSize, (nvrtcProgram, size_t *)) \
    F(log, nvrtcGetProgramLog, (nvrtcProgram, char *)) \
    F(code_size, nvrtcGetCUBINSize, (nvrtcProgram, size_t *)) \
    F(code, nvrtcGetCUBIN, (nvrtcProgram, char *)) \
    F(destroy, nvrtcDestroyProgram, (nvrtcProgram *))

// MARK: cuBLASLt (cublasLt.h)

typedef struct cublasLtContext *cublasLtHandle_t;
typedef struct cublasLtMatmulDescOpaque *cublasLtMatmulDesc_t;
typedef struct cublasLtMatrixLayoutOpaque *cublasLtMatrixLayout_t;
typedef struct cublasLtMatmulPreferenceOpaque *cublasLtMatmulPreference_t;
typedef struct {
    uint64_t data[8];
} cublasLtMatmulAlgo_t;
typedef struct {
    cublasLtMatmulAlgo_t algo;
    size_t workspace;
    int state;
    float waves;
    int reserved[4];
} cublasLtMatmulHeuristicResult_t;

enum {
    CUDA_R_32F = 0,
    CUDA_R_16F = 2,
    CUDA_R_16BF = 14,
    CUBLAS_COMPUTE_32F = 68,
    CUBLAS_OP_N = 0,
    CUBLAS_OP_T = 1,
    CUBLASLT_MATMUL_DESC_TRANSA = 3,
    CUBLASLT_MATMUL_DESC_TRANSB = 4,
    CUBLASLT_MATMUL_DESC_EPILOGUE = 7,
    CUBLASLT_MATMUL_DESC_BIAS_POINTER = 8,
    CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT = 5,
    CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET = 6,
    CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES = 1,
    CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES = 5,
    CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES = 6,
    CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES = 7,
    CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES = 8,
    CUBLASLT_EPILOGUE_BIAS = 4,
};

#define CUBLASLT_FUNCTIONS(F) \
    F(create, cublasLtCreate, (cublasLtHandle_t *)) \
    F(destroy, cublasLtDestroy, (cublasLtHandle_t)) \
    F(desc_create, cublasLtMatmulDescCreate, (cublasLtMatmulDesc_t *, int, int)) \
    F(desc_destroy, cublasLtMatmulDescDestroy, (cublasLtMatmulDesc_t)) \
    F(desc_set, cublasLtMatmulDescSetAttribute, (cublasLtMatmulDesc_t, int, const void *, size_t)) \
    F(layout_create, \
      cublasLtMatrixLayoutCreate, \
      (cublasLtMatrixLayout_t *, int, uint64_t, uint64_t, int64_t)) \
    F(layout_destroy, cublasLtMatrixLayoutDestroy, (cublasLtMatrixLayout_t)) \
    F(layout_set, cublasLtMatrixLayoutSetAttribute, (cublasLtMatrixLayout_t, int, const void *, size_t)) \
    F(preference_create, cublasLtMatmulPreferenceCreate, (cublasLtMatmulPreference_t *)) \
    F(preference_destroy, cublasLtMatmulPreferenceDestroy, (cublasLtMatmulPreference_t)) \
    F(preference_set, \
      cublasLtMatmulPreferenceSetAttribute, \
      (cublasLtMatmulPreference_t, int, const void *, size_t)) \
    F(heuristic, \
      cublasLtMatmulAlgoGetHeuristic, \
      (cublasLtHandle_t, \
       cublasLtMatmulDesc_t, \
       cublasLtMatrixLayout_t, \
       cublasLtMatrixLayout_t, \
       cublasLtMatrixLayout_t, \
       cublasLtMatrixLayout_t, \
       cublasLtMatmulPreference_t, \
       int, \
       cublasLtMatmulHeuristicResult_t *, \
       int *)) \
    F(check, \
      cublasLtMatmulAlgoCheck, \
      (cublasLtHandle_t, \
       cublasLtMatmulDesc_t, \
       cublasLtMatrixLayout_t, \
       cublasLtMatrixLayout_t, \
       cublasLtMatrixLayout_t, \
       cublasLtMatrixLayout_t, \
       const cublasLtMatmulAlgo_t *, \
       cublasLtMatmulHeuristicResult_t *)) \
    F(matmul, \
      cublasLtMatmul, \
      (cublasLtHandle_t, \
       cublasLtMatmulDesc_t, \
       const void *, \
       const void *, \
       cublasLtMatrixLayout_t, \
       const void *, \
       cublasLtMatrixLayout_t, \
       const void *, \
       const void *, \
       cublasLtMatrixLayout_t, \
       void *, \
       cublasLtMatrixLayout_t, \
       const cublasLtMatmulAlgo_t *, \
       void *, \
       size_t, \
       CUstream))

// MARK: cuDNN (cudnn_graph.h)

typedef struct cudnnContext *cudnnHandle_t;
typedef void *cudnnBackendDescriptor_t;

enum {
    CUDNN_DATA_FLOAT = 0,
    CUDNN_DATA_HALF = 2,
    CUDNN_DATA_BFLOAT16 = 9,
    CUDNN_CROSS_CORRELATION = 1,
    CUDNN_HEUR_MODE_FALLBACK = 2,
    CUDNN_HEUR_MODE_A = 3,
    CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION = 0,

    CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR = 1,
    CUDNN_BACKEND_ENGINE_DESCRIPTOR = 2,
    CUDNN_BACKEND_ENGINECFG_DESCRIPTOR = 3,
    CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR = 4,
    CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR = 5,
    CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR = 7,
    CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR = 10,
    CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR = 15,
    CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR = 16,
    CUDNN_BACKEND_TENSOR_DESCRIPTOR = 17,

    CUDNN_TYPE_HANDLE = 0,
    CUDNN_TYPE_DATA_TYPE = 1,
    CUDNN_TYPE_INT64 = 3,
    CUDNN_TYPE_FLOAT = 4,
    CUDNN_TYPE_VOID_PTR = 6,
    CUDNN_TYPE_CONVOLUTION_MODE = 7,
    CUDNN_TYPE_HEUR_MODE = 8,
    CUDNN_TYPE_KNOB_TYPE = 9,
    CUDNN_TYPE_NUMERICAL_NOTE = 11,
    CUDNN_TYPE_BACKEND_DESCRIPTOR = 15,
    CUDNN_TYPE_BEHAVIOR_NOTE = 19,

    CUDNN_ATTR_CONVOLUTION_COMP_TYPE = 100,
    CUDNN_ATTR_CONVOLUTION_CONV_MODE = 101,
    CUDNN_ATTR_CONVOLUTION_DILATIONS = 102,
    CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES = 103,
    CUDNN_ATTR_CONVOLUTION_POST_PADDINGS = 104,
    CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS = 105,
    CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS = 106,
    CUDNN_ATTR_ENGINEHEUR_MODE = 200,
    CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH = 201,
    CUDNN_ATTR_ENGINEHEUR_RESULTS = 202,
    CUDNN_ATTR_ENGINECFG_ENGINE = 300,
    CUDNN_ATTR_ENGINECFG_KNOB_CHOICES = 302,
    CUDNN_ATTR_EXECUTION_PLAN_HANDLE = 400,
    CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG = 401,
    CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE = 402,
    CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE = 600,
    CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE = 601,
    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA = 700,
    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA = 701,
    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC = 702,
    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W = 703,
    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X = 704,
    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y = 705,
    CUDNN_ATTR_OPERATIONGRAPH_HANDLE = 800,
    CUDNN_ATTR_OPERATIONGRAPH_OPS = 801,
    CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT = 900,
    CUDNN_ATTR_TENSOR_DATA_TYPE = 901,
    CUDNN_ATTR_TENSOR_DIMENSIONS = 902,
    CUDNN_ATTR_TENSOR_STRIDES = 903,
    CUDNN_ATTR_TENSOR_UNIQUE_ID = 906,
    CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS = 1000,
    CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS = 1001,
    CUDNN_ATTR_VARIANT_PACK_WORKSPACE = 1003,
    CUDNN_ATTR_ENGINE_OPERATION_GRAPH = 1300,
    CUDNN_ATTR_ENGINE_GLOBAL_INDEX = 1301,
    CUDNN_ATTR_ENGINE_NUMERICAL_NOTE = 1303,
    CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE = 1305,

    CUDNN_NUMERICAL_NOTE_TENSOR_CORE = 0,
    CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS = 1,
    CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION = 2,
    CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC = 4,
};

#define CUDNN_FUNCTIONS(F) \
    F(create, cudnnCreate, (cudnnHandle_t *)) \
    F(destroy, cudnnDestroy, (cudnnHandle_t)) \
    F(set_stream, cudnnSetStream, (cudnnHandle_t, CUstream)) \
    F(descriptor_create, cudnnBackendCreateDescriptor, (int, cudnnBackendDescriptor_t *)) \
    F(descriptor_destroy, cudnnBackendDestroyDescriptor, (cudnnBackendDescriptor_t)) \
    F(descriptor_finalize, cudnnBackendFinalize, (cudnnBackendDescriptor_t)) \
    F(descriptor_set, cudnnBackendSetAttribute, (cudnnBackendDescriptor_t, int, int, int64_t, const void *)) \
    F(descriptor_get, cudnnBackendGetAttribute, (cudnnBackendDescriptor_t, int, int, int64_t, int64_t *, void *)) \
    F(execute, cudnnBackendExecute, (cudnnHandle_t, cudnnBackendDescriptor_t, cudnnBackendDescriptor_t))

// MARK: The libraries, opened

#define MEMBER(name, symbol, arguments) int(*name) arguments;

struct cc_libraries {
    struct {
        DRIVER_FUNCTIONS(MEMBER)
    } cu;
    struct {
        NVRTC_FUNCTIONS(MEMBER)
        const char *(*error_string)(int);
    } nvrtc;
    struct {
        CUBLASLT_FUNCTIONS(MEMBER)
        size_t (*version)(void);
    } lt;
    struct {
        CUDNN_FUNCTIONS(MEMBER)
        size_t (*version)(void);
        const char *(*error_string)(int);
        void (*last_error)(char *, size_t);
    } dnn;
};

#undef MEMBER

/// Opens them once for the process; null, with `cc_message`, if one is missing.
const struct cc_libraries *cc_open_libraries(const char *search);
