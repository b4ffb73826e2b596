// SPDX-License-Identifier: Apache-2.0

// Elementwise operations, from vectors of any width: see ck_elementwise.h.

#ifndef CK_ELEMENTWISE_KERNELS_H
#define CK_ELEMENTWISE_KERNELS_H

#include "include/ck_elementwise.h"
#include "vector.h"

CK_INLINE ck_vec ck_activated(ck_vec x, const ck_activation activation) {
    switch (activation) {
    case CK_SILU: return ck_silu(x);
    case CK_GELU: return ck_gelu(x);
    default: return x;
    }
}

CK_INLINE void ck_activate_of(
    void *restrict out, const void *restrict x, ptrdiff_t count, const ck_type type, const ck_activation activation) {
    ptrdiff_t i = 0;
    for (; i + CK_LANES <= count; i += CK_LANES) ck_store(out, i, ck_activated(ck_load(x, i, type), activation), type);
    if (i < count) {
        const int rest = (int)(count - i);
        ck_store_part(out, i, ck_activated(ck_load_part(x, i, rest, type), activation), rest, type);
    }
}

#define CK_ACTIVATE_CASE(type, activation)                                                        \
    case (type) * 4 + (activation):                                                               \
        ck_activate_of(out, x, count, type, activation);                                          \
        return;

static void ck_activate(void *out, const void *x, ptrdiff_t count, ck_type type, ck_activation activation) {
    switch (type * 4 + activation) {
        CK_ACTIVATE_CASE(CK_F32, CK_NONE)
        CK_ACTIVATE_CASE(CK_F32, CK_SILU)
        CK_ACTIVATE_CASE(CK_F32, CK_GELU)
        CK_ACTIVATE_CASE(CK_BF16, CK_NONE)
        CK_ACTIVATE_CASE(CK_BF16, CK_SILU)
        CK_ACTIVATE_CASE(CK_BF16, CK_GELU)
    }
}

CK_INLINE void ck_add_of(
    void *restrict out, const void *restrict a, const void *restrict b, ptrdiff_t count, const ck_type type) {
    ptrdiff_t i = 0;
    for (; i + CK_LANES <= count; i += CK_LANES) ck_store(out, i, ck_load(a, i, type) + ck_load(b, i, type), type);
    if (i < count) {
        const int rest = (int)(count - i);
        ck_store_part(out, i, ck_load_part(a, i, rest, type) + ck_load_part(b, i, rest, type), rest, type);
    }
}

static void ck_add(void *out, const void *a, const void *b, ptrdiff_t count, ck_type type) {
    if (type == CK_BF16) {
        ck_add_of(out, a, b, count, CK_BF16);
    } else {
        ck_add_of(out, a, b, count, CK_F32);
    }
}

#endif
