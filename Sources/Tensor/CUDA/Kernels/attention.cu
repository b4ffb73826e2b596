// SPDX-License-Identifier: Apache-2.0
//
// Attention without its matrix of scores: Dao et al., "FlashAttention-2", 2023 (https://arxiv.org/abs/2307.08691), on the
// matrix units that every card since Ampere has. A block has 128 queries of one head, a warp 32 of them; keys and values
// come through shared memory 64 at a time, the next while these are used. Scores, sums and maxima are float.

/// Softmax over each row of scores: y [rows, stride] in the type of activations.
///
/// Row i is of query i % queries, which with `is_causal` sees keys 0...query. Grid (rows), 256 threads.
extern "C" __global__ void __launch_bounds__(256) softmax_rows(
    const float *scores,
    element *y,
    int queries,
    int keys,
    int stride,
    float scale,
    int is_causal
) {
    __shared__ float shared[8];
    int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    const float *row = scores + (long long)blockIdx.x * stride;
    int count = is_causal ? min(keys, (int)(blockIdx.x % queries) + 1) : keys;

    float most = -INFINITE;
    for (int key = threadIdx.x; key < count; key += 256) most = fmaxf(most, row[key] * scale);
    most = warp_max(most);
    if (lane == 0) shared[warp] = most;
    __syncthreads();
    most = shared[0];
    for (int i = 1; i < 8; i++) most = fmaxf(most, shared[i]);
    __syncthreads();

    float sum = 0;
    for (int key = threadIdx.x; key < count; key += 256) sum += __expf(row[key] * scale - most);
    sum = warp_sum(sum);
    if (lane == 0) shared[warp] = sum;
    __syncthreads();
    sum = 0;
    for (int i = 0; i < 8; i++) sum += shared[i];

    y += (long long)blockIdx.x * stride;
    for (int key = threadIdx.x; key < keys; key += 256) {
        y[key] = from_float(key < count ? __expf(row[key] * scale - most) / sum : 0.0f);
    }
}

#if !defined(ELEMENT_F32)

constexpr int QUERIES = 128, KEYS = 64, ATTENTION_THREADS = 128;

__device__ __forceinline__ u32 shared_address(const void *pointer) {
    return (u32)__cvta_generic_to_shared(pointer);
}

/// Where 16 bytes of a row lie: rows are shifted against one another, so that eight of them have no bank in common.
template <int D>
__device__ __forceinline__ int swizzled(int row, int chunk) {
    return D == 64 ? row * 64 + (chunk ^ (row & 7)) * 8 : row * 32 + (chunk ^ (row >> 1 & 3)) * 8;
}

/// Starts to copy rows [first, first + ROWS) to shared memory, zeros where there are no more than `count`.
template <int D, int ROWS>
__device__ __forceinline__ void copy_rows(element *to, const element *from, long long stride, int first, int count) {
    constexpr int chunks = D / 8;
#pragma unroll
    for (int i = threadIdx.x; i < ROWS * chunks; i += ATTENTION_THREADS) {
        int row = i / chunks, chunk = i % chunks;
        bool is_there = first + row < count;
        const element *source = from + (is_there ? (first + row) * stride + chunk * 8 : 0);
        int bytes = is_there ? 16 : 0;
        asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(to + swizzled<D>(row, chunk))),
                     "l"(source),
                     "r"(bytes));
    }
}

__device__ __forceinline__ void commit_copies() {
    asm volatile("cp.async.commit_group;");
}

__device__ __forceinline__ void wait_for_copies() {
    asm volatile("cp.async.wait_group 0;" ::: "memory");
}

/// Four 8x8 matrices, a row's address from each lane.
__device__ __forceinline__ void load_matrices(u32 (&y)[4], const element *row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(y[0]), "=r"(y[1]), "=r"(y[2]), "=r"(y[3])
                 : "r"(shared_address(row)));
}

__device__ __forceinline__ void load_transposed(u32 (&y)[4], const element *row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(y[0]), "=r"(y[1]), "=r"(y[2]), "=r"(y[3])
                 : "r"(shared_address(row)));
}

/// c += a · b, 16 x 16 by 16 x 8.
__device__ __forceinline__ void multiply(float (&c)[4], const u32 (&a)[4], u32 b0, u32 b1) {
#if defined(ELEMENT_BF16)
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
                 "{%0, %1, %2, %3};"
#else
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
                 "{%0, %1, %2, %3};"
#endif
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

/// Two neighbouring elements, the first in the lower half.
__device__ __forceinline__ u32 pack(float first, float second) {
    u32 y;
#if defined(ELEMENT_BF16)
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(y) : "f"(second), "f"(first));
#else
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(y) : "f"(second), "f"(first));
#endif
    return y;
}

__device__ __forceinline__ float power_of_two(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

/// softmax(q · kᵀ / √D) · v for 128 queries of head blockIdx.y of row blockIdx.z.
///
/// q is [rows, queries, q_stride], k and v [rows, keys, kv_stride], y [rows, queries, heads * D]. The scale has the
/// factor log2(e) in it: exponentials are powers of two.
template <int D>
__device__ __forceinline__ void attend(
    const element *q,
    const element *k,
    const element *v,
    element *y,
    int queries,
    int keys,
    int q_stride,
    int kv_stride,
    int heads,
    float scale,
    int is_causal
) {
    extern __shared__ __align__(128) element shared[];
    element *q_tile = shared;
    element *k_tiles = q_tile + QUERIES * D;
    element *v_tiles = k_tiles + 2 * KEYS * D;

    int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    int first_query = blockIdx.x * QUERIES;
    long long row = blockIdx.z;
    int head = blockIdx.y;
    q += row * queries * q_stride + head * D;
    k += row * keys * kv_stride + head * D;
    v += row * keys * kv_stride + head * D;
    y += row * queries * heads * D + head * D;

    // With a causal mask, later keys are seen by none of these queries.
    int seen = is_causal ? min(keys, first_query + QUERIES) : keys;
    int tiles = (seen + KEYS - 1) / KEYS;

    copy_rows<D, QUERIES>(q_tile, q, q_stride, first_query, queries);
    copy_rows<D, KEYS>(k_tiles, k, kv_stride, 0, keys);
    copy_rows<D, KEYS>(v_tiles, v, kv_stride, 0, keys);
    commit_copies();

    u32 q_fragments[2][D / 16][4];
    float sums[2][D / 8][4] = {};
    float most[2][2], total[2][2] = {};
#pragma unroll
    for (int m = 0; m < 2; m++) most[m][0] = most[m][1] = -INFINITE;

    for (int tile = 0; tile < tiles; tile++) {
        wait_for_copies();
        // Everyone's copies are there, and everyone is done with the tile that is overwritten next.
        __syncthreads();
        const element *k_tile = k_tiles + (tile & 1) * KEYS * D;
        const element *v_tile = v_tiles + (tile & 1) * KEYS * D;
        if (tile == 0) {
#pragma unroll
            for (int m = 0; m < 2; m++) {
#pragma unroll
                for (int d = 0; d < D / 16; d++) {
                    int at = warp * 32 + m * 16 + (lane & 15);
                    load_matrices(q_fragments[m][d], q_tile + swizzled<D>(at, d * 2 + (lane >> 4)));
                }
            }
        }
        if (tile + 1 < tiles) {
            copy_rows<D, KEYS>(k_tiles + (~tile & 1) * KEYS * D, k, kv_stride, (tile + 1) * KEYS, keys);
            copy_rows<D, KEYS>(v_tiles + (~tile & 1) * KEYS * D, v, kv_stride, (tile + 1) * KEYS, keys);
            commit_copies();
        }

        // 1. Scores
        float scores[2][KEYS / 8][4] = {};
#pragma unroll
        for (int d = 0; d < D / 16; d++) {
#pragma unroll
            for (int n = 0; n < KEYS / 16; n++) {
                u32 b[4];
                int at = n * 16 + (lane & 7) + (lane >> 4) * 8;
                load_matrices(b, k_tile + swizzled<D>(at, d * 2 + (lane >> 3 & 1)));
#pragma unroll
                for (int m = 0; m < 2; m++) {
                    multiply(scores[m][2 * n], q_fragments[m][d], b[0], b[1]);
                    multiply(scores[m][2 * n + 1], q_fragments[m][d], b[2], b[3]);
                }
            }
        }

        // 2. Keys that are not there, or not seen
        int first_key = tile * KEYS;
        if (first_key + KEYS > keys || (is_causal && first_key + KEYS > first_query)) {
#pragma unroll
            for (int m = 0; m < 2; m++) {
#pragma unroll
                for (int n = 0; n < KEYS / 8; n++) {
#pragma unroll
                    for (int i = 0; i < 4; i++) {
                        int key = first_key + n * 8 + lane % 4 * 2 + (i & 1);
                        int query = first_query + warp * 32 + m * 16 + lane / 4 + (i >> 1) * 8;
                        if (key >= keys || (is_causal && key > query)) scores[m][n][i] = -INFINITE;
                    }
                }
            }
        }

        // 3. Softmax so far: a row is spread over four lanes
#pragma unroll
        for (int m = 0; m < 2; m++) {
#pragma unroll
            for (int half = 0; half < 2; half++) {
                float largest = most[m][half];
#pragma unroll
                for (int n = 0; n < KEYS / 8; n++) {
                    largest = fmaxf(largest, fmaxf(scores[m][n][2 * half], scores[m][n][2 * half + 1]));
                }
                largest = fmaxf(largest, __shfl_xor_sync(0xffffffffu, largest, 1));
                largest = fmaxf(largest, __shfl_xor_sync(0xffffffffu, largest, 2));
                // A query that has seen no key yet has no largest score to subtract.
                float offset = largest == -INFINITE ? 0.0f : largest * scale;
                float factor = power_of_two(most[m][half] * scale - offset);
                most[m][half] = largest;
                float sum = 0;
#pragma unroll
                for (int n = 0; n < KEYS / 8; n++) {
#pragma unroll
                    for (int i = 2 * half; i < 2 * half + 2; i++) {
                        scores[m][n][i] = power_of_two(scores[m][n][i] * scale - offset);
                        sum += scores[m][n][i];
                    }
                }
                total[m][half] = total[m][half] * factor + sum;
                // After the first few tiles the largest score of a row rarely changes.
                if (__any_sync(0xffffffffu, factor != 1.0f)) {
#pragma unroll
                    for (int d = 0; d < D / 8; d++) {
                        sums[m][d][2 * half] *= factor;
                        sums[m][d][2 * half + 1] *= factor;
                    }
                }
            }
        }

        // 4. Values
#pragma unroll
        for (int n = 0; n < KEYS / 16; n++) {
            u32 p[2][4];
#pragma unroll
            for (int m = 0; m < 2; m++) {
                p[m][0] = pack(scores[m][2 * n][0], scores[m][2 * n][1]);
                p[m][1] = pack(scores[m][2 * n][2], scores[m][2 * n][3]);
                p[m][2] = pack(scores[m][2 * n + 1][0], scores[m][2 * n + 1][1]);
                p[m][3] = pack(scores[m][2 * n + 1][2], scores[m][2 * n + 1][3]);
            }
#pragma unroll
            for (int d = 0; d < D / 16; d++) {
                u32 b[4];
                int at = n * 16 + (lane & 15);
                load_transposed(b, v_tile + swizzled<D>(at, d * 2 + (lane >> 4)));
#pragma unroll
                for (int m = 0; m < 2; m++) {
                    multiply(sums[m][2 * d], p[m], b[0], b[1]);
                    multiply(sums[m][2 * d + 1], p[m], b[2], b[3]);
                }
            }
        }
    }

#pragma unroll
    for (int m = 0; m < 2; m++) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
            float sum = total[m][half];
            sum += __shfl_xor_sync(0xffffffffu, sum, 1);
            sum += __shfl_xor_sync(0xffffffffu, sum, 2);
            float factor = 1.0f / sum;
            int query = first_query + warp * 32 + m * 16 + lane / 4 + half * 8;
            if (query >= queries) continue;
            element *out = y + (long long)query * heads * D + lane % 4 * 2;
#pragma unroll
            for (int d = 0; d < D / 8; d++) {
                *reinterpret_cast<u32 *>(out + d * 8) =
                    pack(sums[m][d][2 * half] * factor, sums[m][d][2 * half + 1] * factor);
            }
        }
    }
}

/// Grid (queries / 128, heads, rows), 128 threads, shared memory 2 * D * (128 + 4 * 64) bytes.
#define ATTENTION(D) \
    extern "C" __global__ void __launch_bounds__(ATTENTION_THREADS, 2) attention_##D( \
        const element *q, \
        const element *k, \
        const element *v, \
        element *y, \
        int queries, \
        int keys, \
        int q_stride, \
        int kv_stride, \
        int heads, \
        float scale, \
        int is_causal \
    ) { \
        attend<D>(q, k, v, y, queries, keys, q_stride, kv_stride, heads, scale, is_causal); \
    }

ATTENTION(32)
ATTENTION(64)

#endif
