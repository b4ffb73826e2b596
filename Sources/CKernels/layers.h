// SPDX-License-Identifier: Apache-2.0

// The tables of attention, normalisation and elementwise kernels, one for each path.

#ifndef CK_LAYERS_H
#define CK_LAYERS_H

#include "include/ck_attention.h"
#include "include/ck_elementwise.h"
#include "include/ck_normalization.h"

/// Everything between the matrix products, compiled for one instruction set.
typedef struct ck_layers {
    ck_attention_kernels attention;
    ck_normalization_kernels normalization;
    ck_elementwise_kernels elementwise;
} ck_layers;

extern const ck_layers ck_layers_portable;
#if CK_X86
extern const ck_layers ck_layers_avx2;
extern const ck_layers ck_layers_avx512;
extern const ck_layers ck_layers_avx512_bf16;
#endif

/// The table of a file that includes the kernels.
#define CK_LAYERS_TABLE                                                                           \
    {                                                                                             \
        .attention = {.pack_keys = ck_pack_keys, .pack_values = ck_pack_values, .attend = ck_attend}, \
        .normalization = {.channel_sums = ck_channel_sums, .normalize = ck_normalize, .layer = ck_layer}, \
        .elementwise = {.activate = ck_activate, .add = ck_add},                                  \
    }

#endif
