// SPDX-License-Identifier: Apache-2.0

// Which code path a processor runs.

#include "kernels.h"

#if CK_X86
ck_isa ck_widest_isa(void) {
    __builtin_cpu_init();
    // These ask the operating system too: a register it does not save counts as missing.
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("f16c")) {
        return CK_PORTABLE;
    }
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
        !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl")) {
        return CK_AVX2;
    }
    const bool has_dot_products = __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512vnni");
    return has_dot_products ? CK_AVX512_BF16 : CK_AVX512;
}

ck_isa ck_detect_isa(void) {
    ck_isa widest = ck_widest_isa();
    return widest == CK_AVX512_BF16 && __builtin_cpu_is("intel") ? CK_AVX512 : widest;
}

const ck_kernels *ck_kernels_for(ck_isa isa) {
    switch (isa) {
    case CK_PORTABLE_BF16: return &ck_kernels_portable_bf16;
    case CK_PORTABLE: return &ck_kernels_portable;
    case CK_AVX2: return &ck_kernels_avx2;
    case CK_AVX512: return &ck_kernels_avx512;
    case CK_AVX512_BF16: return &ck_kernels_avx512_bf16;
    }
    return &ck_kernels_portable;
}
#else
ck_isa ck_widest_isa(void) {
    return CK_PORTABLE;
}

ck_isa ck_detect_isa(void) {
    return CK_PORTABLE;
}

const ck_kernels *ck_kernels_for(ck_isa isa) {
    return isa == CK_PORTABLE_BF16 ? &ck_kernels_portable_bf16 : &ck_kernels_portable;
}
#endif
