// SPDX-License-Identifier: Apache-2.0

// From weights as files hold them to packed panels.

#ifndef CK_PACKING_H
#define CK_PACKING_H

#include "ck_gemm.h"

/// Bytes of scratch that ck_pack_panels needs.
ptrdiff_t ck_packing_scratch(void);

/// Packs panels first_panel..<last_panel of `weight`: [outputs][inputs][taps] of `type`, of any alignment.
/// `out` is where panel 0 goes; `scratch` is 64-byte aligned.
void ck_pack_panels(
    const ck_kernels *_Nonnull kernels, void *_Nonnull out, const void *_Nonnull weight, ck_type type,
    ck_panels panels, ptrdiff_t first_panel, ptrdiff_t last_panel, void *_Nonnull scratch);

/// Packs `bias`: [panels.outputs] of `type`, or null for zeros, to ck_panels_columns(panels) float32.
void ck_pack_bias(
    const ck_kernels *_Nonnull kernels, float *_Nonnull out, const void *_Nullable bias, ck_type type,
    ck_panels panels);

/// out[count] = in[count]; neither side needs alignment. Any type to CK_F32, or CK_F32 to CK_BF16.
void ck_convert(
    const ck_kernels *_Nonnull kernels, void *_Nonnull out, ck_type out_type, const void *_Nonnull in, ck_type in_type,
    ptrdiff_t count);

#endif
