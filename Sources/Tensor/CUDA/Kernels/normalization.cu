// SPDX-License-Identifier: Apache-2.0
//
// Group and layer normalisation over channels-last activations. How a sum is split follows from the row's own shape,
// so that a row has the same bits whatever its neighbours.

constexpr int NORM_THREADS = 256;

/// How the threads of a block share [pixels, channels]: each keeps to its channels, and pixels go round.
template <int N>
struct tiling {
    int vectors, lanes, lane, first;

    __device__ explicit tiling(int channels) {
        vectors = channels / N;
        lanes = vectors < NORM_THREADS ? NORM_THREADS / vectors : 1;
        lane = vectors < NORM_THREADS ? threadIdx.x / vectors : 0;
        first = vectors < NORM_THREADS ? threadIdx.x % vectors : threadIdx.x;
    }
};

template <int N>
__device__ void group_statistics(
    const element *x,
    float2 *partial,
    int pixels,
    int channels,
    int groups,
    int chunks
) {
    extern __shared__ float sums[];
    tiling<N> tile(channels);
    float *squares = sums + tile.lanes * channels;
    int size = channels / groups;
    long long row = blockIdx.y;
    const element *input = x + row * pixels * channels;
    int from = (int)((long long)pixels * blockIdx.x / chunks);
    int to = (int)((long long)pixels * (blockIdx.x + 1) / chunks);

    // 1. Each thread its channels. Sums are of distances from the group's first value in the row: means may be large.
    if (tile.lane < tile.lanes) {
        for (int v = tile.first; v < tile.vectors; v += NORM_THREADS) {
            float pivot[N], sum[N] = {}, square[N] = {};
#pragma unroll
            for (int i = 0; i < N; i++) pivot[i] = to_float(input[(v * N + i) / size * size]);
            for (int p = from + tile.lane; p < to; p += tile.lanes) {
                float values[N];
                load<N>(values, input + (long long)p * channels + v * N);
#pragma unroll
                for (int i = 0; i < N; i++) {
                    float d = values[i] - pivot[i];
                    sum[i] += d;
                    square[i] += d * d;
                }
            }
#pragma unroll
            for (int i = 0; i < N; i++) {
                sums[tile.lane * channels + v * N + i] = sum[i];
                squares[tile.lane * channels + v * N + i] = square[i];
            }
        }
    }
    __syncthreads();

    // 2. Each warp its groups.
    int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    for (int g = warp; g < groups; g += NORM_THREADS / 32) {
        float sum = 0, square = 0;
        for (int i = lane; i < tile.lanes * size; i += 32) {
            int at = i / size * channels + g * size + i % size;
            sum += sums[at];
            square += squares[at];
        }
        sum = warp_sum(sum);
        square = warp_sum(square);
        if (lane == 0) partial[(row * chunks + blockIdx.x) * groups + g] = make_float2(sum, square);
    }
}

/// Sums and sums of squares of each group in each chunk of pixels: partial [rows][chunks][groups].
///
/// Grid (chunks, rows), 256 threads, shared memory 8 * channels * max(1, 256 / (channels / vector)) bytes.
extern "C" __global__ void __launch_bounds__(NORM_THREADS) group_norm_statistics(
    const element *x,
    float2 *partial,
    int pixels,
    int channels,
    int groups,
    int chunks
) {
    if (channels % VECTOR == 0) {
        group_statistics<VECTOR>(x, partial, pixels, channels, groups, chunks);
    } else {
        group_statistics<1>(x, partial, pixels, channels, groups, chunks);
    }
}

template <int N>
__device__ void group_apply(
    const element *x,
    const float2 *moments,
    const float *scale,
    const float *shift,
    element *y,
    int pixels,
    int channels,
    int groups,
    bool has_silu
) {
    tiling<N> tile(channels);
    int size = channels / groups;
    long long offset = (long long)blockIdx.y * pixels * channels;
    int from = (int)((long long)pixels * blockIdx.x / gridDim.x);
    int to = (int)((long long)pixels * (blockIdx.x + 1) / gridDim.x);
    if (tile.lane >= tile.lanes) return;
    for (int v = tile.first; v < tile.vectors; v += NORM_THREADS) {
        float a[N], b[N];
#pragma unroll
        for (int i = 0; i < N; i++) {
            int c = v * N + i;
            float2 moment = moments[c / size];
            a[i] = moment.y * scale[c];
            b[i] = shift[c] - moment.x * a[i];
        }
        for (int p = from + tile.lane; p < to; p += tile.lanes) {
            long long at = offset + (long long)p * channels + v * N;
            float values[N];
            load<N>(values, x + at);
#pragma unroll
            for (int i = 0; i < N; i++) {
                float value = values[i] * a[i] + b[i];
                values[i] = has_silu ? silu(value) : value;
            }
            store<N>(y + at, values);
        }
    }
}

/// Normalises with what `group_norm_statistics` found, scales and shifts each channel, and applies SiLU if asked.
///
/// Grid (any number of blocks, rows), 256 threads, shared memory 8 * groups bytes.
extern "C" __global__ void __launch_bounds__(NORM_THREADS) group_norm_apply(
    const element *x,
    const float2 *partial,
    const float *scale,
    const float *shift,
    element *y,
    int pixels,
    int channels,
    int groups,
    int chunks,
    float epsilon,
    int has_silu
) {
    extern __shared__ float2 moments[];
    int warp = threadIdx.x / 32, lane = threadIdx.x % 32, size = channels / groups;
    float count = (float)size * (float)pixels;
    for (int g = warp; g < groups; g += NORM_THREADS / 32) {
        float sum = 0, square = 0;
        for (int chunk = lane; chunk < chunks; chunk += 32) {
            float2 part = partial[((long long)blockIdx.y * chunks + chunk) * groups + g];
            sum += part.x;
            square += part.y;
        }
        sum = warp_sum(sum) / count;
        square = warp_sum(square) / count;
        if (lane == 0) {
            float pivot = to_float(x[(long long)blockIdx.y * pixels * channels + g * size]);
            float variance = fmaxf(square - sum * sum, 0.0f);
            moments[g] = make_float2(pivot + sum, rsqrtf(variance + epsilon));
        }
    }
    __syncthreads();
    if (channels % VECTOR == 0) {
        group_apply<VECTOR>(x, moments, scale, shift, y, pixels, channels, groups, has_silu);
    } else {
        group_apply<1>(x, moments, scale, shift, y, pixels, channels, groups, has_silu);
    }
}

template <int N>
__device__ void layer_norm_token(
    const element *x,
    const float *scale,
    const float *shift,
    element *y,
    int channels,
    float epsilon
) {
    int lane = threadIdx.x % 32;
    float sum = 0, square = 0;
    for (int c = lane * N; c < channels; c += 32 * N) {
        float values[N];
        load<N>(values, x + c);
#pragma unroll
        for (int i = 0; i < N; i++) sum += values[i];
    }
    float mean = warp_sum(sum) / channels;
    for (int c = lane * N; c < channels; c += 32 * N) {
        float values[N];
        load<N>(values, x + c);
#pragma unroll
        for (int i = 0; i < N; i++) square += (values[i] - mean) * (values[i] - mean);
    }
    float deviation = rsqrtf(warp_sum(square) / channels + epsilon);
    for (int c = lane * N; c < channels; c += 32 * N) {
        float values[N];
        load<N>(values, x + c);
#pragma unroll
        for (int i = 0; i < N; i++) values[i] = (values[i] - mean) * deviation * scale[c + i] + shift[c + i];
        store<N>(y + c, values);
    }
}

/// Layer normalisation, a warp for each token: grid (tokens / 8, rounded up), 256 threads.
extern "C" __global__ void __launch_bounds__(256) layer_norm(
    const element *x,
    const float *scale,
    const float *shift,
    element *y,
    int tokens,
    int channels,
    float epsilon
) {
    int token = blockIdx.x * 8 + threadIdx.x / 32;
    if (token >= tokens) return;
    long long at = (long long)token * channels;
    if (channels % VECTOR == 0) {
        layer_norm_token<VECTOR>(x + at, scale, shift, y + at, channels, epsilon);
    } else {
        layer_norm_token<1>(x + at, scale, shift, y + at, channels, epsilon);
    }
}
