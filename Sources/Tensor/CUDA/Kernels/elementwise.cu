// SPDX-License-Identifier: Apache-2.0
//
// What the libraries have no epilogue for, and what only moves elements. 256 threads a block everywhere; a thread has 16
// bytes of the result where the number of channels allows it, else one element.

template <int N>
__device__ void bias_residual_vector(
    const element *x,
    int stride,
    const float *bias,
    const element *row_bias,
    const element *residual,
    element *y,
    int pixels,
    int channels
) {
    int vectors = channels / N;
    long long index = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (index >= (long long)pixels * vectors) return;
    long long pixel = index / vectors;
    int c = (int)(index % vectors) * N;
    long long row = blockIdx.y;
    float values[N], more[N];
    load<N>(values, x + (row * pixels + pixel) * stride + c);
    if (bias) {
#pragma unroll
        for (int i = 0; i < N; i++) values[i] += bias[c + i];
    }
    if (row_bias) {
        load<N>(more, row_bias + row * channels + c);
#pragma unroll
        for (int i = 0; i < N; i++) values[i] += more[i];
    }
    long long at = (row * pixels + pixel) * channels + c;
    if (residual) {
        load<N>(more, residual + at);
#pragma unroll
        for (int i = 0; i < N; i++) values[i] += more[i];
    }
    store<N>(y + at, values);
}

/// y[r, p, c] = x[r, p, c] + bias[c] + row_bias[r, c] + residual[r, p, c], any of the three null.
///
/// `x` has `stride` channels, of which the first `channels` count; y may be x if these are equal.
/// Grid (pixels * vectors / 256, rows).
extern "C" __global__ void bias_residual(
    const element *x,
    int stride,
    const float *bias,
    const element *row_bias,
    const element *residual,
    element *y,
    int pixels,
    int channels
) {
    if (channels % VECTOR == 0) {
        bias_residual_vector<VECTOR>(x, stride, bias, row_bias, residual, y, pixels, channels);
    } else {
        bias_residual_vector<1>(x, stride, bias, row_bias, residual, y, pixels, channels);
    }
}

template <int N>
__device__ void geglu_vector(const element *x, element *y, int tokens, int channels) {
    int vectors = channels / N;
    long long index = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (index >= (long long)tokens * vectors) return;
    long long token = index / vectors;
    int c = (int)(index % vectors) * N;
    float values[N], gates[N];
    load<N>(values, x + token * 2 * channels + c);
    load<N>(gates, x + token * 2 * channels + channels + c);
#pragma unroll
    for (int i = 0; i < N; i++) values[i] *= gelu(gates[i]);
    store<N>(y + token * channels + c, values);
}

/// y = value * gelu(gate), where x is [tokens, values then gates].
extern "C" __global__ void geglu(const element *x, element *y, int tokens, int channels) {
    if (channels % VECTOR == 0) {
        geglu_vector<VECTOR>(x, y, tokens, channels);
    } else {
        geglu_vector<1>(x, y, tokens, channels);
    }
}

/// y = silu(x) (kind 1) or gelu(x) (kind 2); y may be x.
extern "C" __global__ void activate(const element *x, element *y, long long count, int kind) {
    long long at = ((long long)blockIdx.x * blockDim.x + threadIdx.x) * VECTOR;
    if (at + VECTOR <= count) {
        float values[VECTOR];
        load<VECTOR>(values, x + at);
#pragma unroll
        for (int i = 0; i < VECTOR; i++) values[i] = kind == 1 ? silu(values[i]) : gelu(values[i]);
        store<VECTOR>(y + at, values);
    } else {
        for (; at < count; at++) {
            float value = to_float(x[at]);
            y[at] = from_float(kind == 1 ? silu(value) : gelu(value));
        }
    }
}

template <int N>
__device__ void move(element *y, const element *x) {
    *reinterpret_cast<vector<N> *>(y) = *reinterpret_cast<const vector<N> *>(x);
}

template <int N>
__device__ void upsample_vector(
    const element *x,
    element *y,
    int height,
    int width,
    int new_height,
    int new_width,
    int channels
) {
    int vectors = channels / N;
    long long index = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (index >= (long long)new_height * new_width * vectors) return;
    int c = (int)(index % vectors) * N;
    long long pixel = index / vectors;
    int row = (int)(pixel / new_width), column = (int)(pixel % new_width);
    long long source = (long long)((long long)row * height / new_height) * width + (long long)column * width / new_width;
    x += (long long)blockIdx.y * height * width * channels;
    y += (long long)blockIdx.y * new_height * new_width * channels;
    move<N>(y + pixel * channels + c, x + source * channels + c);
}

/// Nearest neighbours; grid (new pixels * vectors / 256, rows).
extern "C" __global__ void upsample_nearest(
    const element *x,
    element *y,
    int height,
    int width,
    int new_height,
    int new_width,
    int channels
) {
    if (channels % VECTOR == 0) {
        upsample_vector<VECTOR>(x, y, height, width, new_height, new_width, channels);
    } else {
        upsample_vector<1>(x, y, height, width, new_height, new_width, channels);
    }
}

template <int N>
__device__ void concatenate_vector(const element *a, const element *b, element *y, long long pixels, int first, int second) {
    int channels = first + second, vectors = channels / N;
    long long index = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (index >= pixels * vectors) return;
    long long pixel = index / vectors;
    int c = (int)(index % vectors) * N;
    move<N>(y + pixel * channels + c, c < first ? a + pixel * first + c : b + pixel * second + c - first);
}

/// Two tensors side by side along the channels.
extern "C" __global__ void concatenate(
    const element *a,
    const element *b,
    element *y,
    long long pixels,
    int first,
    int second
) {
    if (first % VECTOR == 0 && second % VECTOR == 0) {
        concatenate_vector<VECTOR>(a, b, y, pixels, first, second);
    } else {
        concatenate_vector<1>(a, b, y, pixels, first, second);
    }
}

/// More channels, zeros in the new ones.
extern "C" __global__ void pad_channels(const element *x, element *y, long long pixels, int channels, int padded) {
    long long index = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (index >= pixels * padded) return;
    int c = (int)(index % padded);
    y[index] = c < channels ? x[index / padded * channels + c] : from_float(0.0f);
}

/// Zeros around the pixels; grid (new pixels * channels / 256, rows).
extern "C" __global__ void pad_pixels(
    const element *x,
    element *y,
    int height,
    int width,
    int channels,
    int before,
    int new_height,
    int new_width
) {
    long long index = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (index >= (long long)new_height * new_width * channels) return;
    int c = (int)(index % channels);
    long long pixel = index / channels;
    int row = (int)(pixel / new_width) - before, column = (int)(pixel % new_width) - before;
    bool is_inside = row >= 0 && row < height && column >= 0 && column < width;
    x += (long long)blockIdx.y * height * width * channels;
    y += (long long)blockIdx.y * new_height * new_width * channels;
    y[index] = is_inside ? x[((long long)row * width + column) * channels + c] : from_float(0.0f);
}

/// Rows of a table, plus a row of positions for each token.
extern "C" __global__ void embed(
    const int *tokens,
    const element *table,
    const element *positions,
    element *y,
    int count,
    int position_count,
    int channels
) {
    long long index = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (index >= (long long)count * channels) return;
    int token = (int)(index / channels), c = (int)(index % channels);
    float value = to_float(table[(long long)tokens[token] * channels + c]);
    y[index] = from_float(value + to_float(positions[(long long)(token % position_count) * channels + c]));
}

extern "C" __global__ void convert_from_float(const float *x, element *y, long long count) {
    long long index = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (index < count) y[index] = from_float(x[index]);
}

extern "C" __global__ void convert_to_float(const element *x, float *y, long long count) {
    long long index = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (index < count) y[index] = to_float(x[index]);
}
