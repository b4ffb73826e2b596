// SPDX-License-Identifier: Apache-2.0
//
// What every kernel starts from. The type of activations and weights is chosen when the kernels are compiled; sums,
// statistics, scales and biases of convolutions are float. Nothing is included: NVRTC is there without CUDA's headers.

typedef unsigned short u16;
typedef unsigned int u32;

#if defined(ELEMENT_F32)
typedef float element;
#else
typedef u16 element;
#endif

#define INFINITE __int_as_float(0x7f800000)

/// Elements in 16 bytes, the most that one access moves.
constexpr int VECTOR = 16 / sizeof(element);

__device__ __forceinline__ float to_float(element x) {
#if defined(ELEMENT_F32)
    return x;
#elif defined(ELEMENT_BF16)
    return __uint_as_float((u32)x << 16);
#else
    float y;
    asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x));
    return y;
#endif
}

__device__ __forceinline__ element from_float(float x) {
#if defined(ELEMENT_F32)
    return x;
#else
    u16 y;
#if defined(ELEMENT_BF16)
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(y) : "f"(x));
#else
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y) : "f"(x));
#endif
    return y;
#endif
}

/// `N` neighbouring elements, moved by one access.
template <int N>
struct alignas(N * sizeof(element)) vector {
    element values[N];
};

template <int N>
__device__ __forceinline__ void load(float (&y)[N], const element *x) {
    vector<N> v = *reinterpret_cast<const vector<N> *>(x);
#pragma unroll
    for (int i = 0; i < N; i++) y[i] = to_float(v.values[i]);
}

template <int N>
__device__ __forceinline__ void store(element *y, const float (&x)[N]) {
    vector<N> v;
#pragma unroll
    for (int i = 0; i < N; i++) v.values[i] = from_float(x[i]);
    *reinterpret_cast<vector<N> *>(y) = v;
}

__device__ __forceinline__ float silu(float x) {
    return x / (1.0f + __expf(-x));
}

/// x · Φ(x), by the error function and not by tanh.
__device__ __forceinline__ float gelu(float x) {
    return 0.5f * x * (1.0f + erff(x * 0.70710678118654752f));
}

/// Sums over the lanes of a warp, the same in each of them.
__device__ __forceinline__ float warp_sum(float x) {
#pragma unroll
    for (int step = 16; step > 0; step /= 2) x += __shfl_xor_sync(0xffffffffu, x, step);
    return x;
}

__device__ __forceinline__ float warp_max(float x) {
#pragma unroll
    for (int step = 16; step > 0; step /= 2) x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, step));
    return x;
}
