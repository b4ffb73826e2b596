// SPDX-License-Identifier: Apache-2.0

// The three picture libraries in one module: libspng (PNG), TurboJPEG (JPEG) and libwebp with libwebpmux (WebP).
// Only the ImageCodec target imports it.

#ifndef CIMAGECODEC_SHIM_H
#define CIMAGECODEC_SHIM_H

#include <spng.h>
#include <turbojpeg.h>
#include <webp/decode.h>
#include <webp/encode.h>
#include <webp/mux.h>

#endif
