// SPDX-License-Identifier: Apache-2.0

import CKernels

extension CPUDevice {
    package func attention(query: Tensor, key: Tensor, value: Tensor, heads: Int, causal: Bool) -> Tensor {
        let shape = query.shape
        precondition(
            shape.rank == 3 && heads > 0 && shape.channels % heads == 0,
            "\(shape) is not \(heads) heads of tokens"
        )
        precondition(
            key.shape.rank == 3 && key.shape == value.shape && key.shape[0] == shape[0]
                && key.shape.channels == shape.channels,
            "queries \(shape), keys \(key.shape) and values \(value.shape) do not fit"
        )
        precondition(
            [query, key, value].allSatisfy { $0.dtype == precision },
            "attention between tensors of two precisions"
        )
        precondition(key.shape[1] > 0 || shape.count == 0, "attention to no tokens")
        let result = makeTensor(shape)
        guard shape.count > 0 else { return result }
        let attention = unsafe HeadAttention(
            query: query,
            key: key,
            value: value,
            result: result,
            heads: heads,
            causal: causal,
            kernels: instructionSet.attention,
            pool: pool
        )

        // Which thread packs a head, and when, changes no bit.
        let count = shape[0] * heads
        if count >= 8 * threads {
            // Plenty of heads: each is one piece, whose keys and values are still in the cache when they are used.
            parallel(count) { head in
                let packed = pool.take(attention.packedSize)
                attention.pack(head: head, into: packed, at: 0)
                for block in 0..<attention.blocks { attention.attend(head: head, block: block, packed: packed, at: 0) }
            }
        } else {
            let packed = pool.take(count * attention.packedSize)
            parallel(count) { head in
                attention.pack(head: head, into: packed, at: head * attention.packedSize)
            }
            parallel(count * attention.blocks) { piece in
                let head = piece / attention.blocks
                attention.attend(
                    head: head,
                    block: piece % attention.blocks,
                    packed: packed,
                    at: head * attention.packedSize
                )
            }
        }
        return result
    }
}

/// Attention by heads, counted through all rows, and by blocks of a head's queries.
@safe private struct HeadAttention: Sendable {
    let query: Tensor
    let key: Tensor
    let value: Tensor
    let result: Tensor
    let heads: Int
    let causal: Bool
    // Safe: points to a constant.
    nonisolated(unsafe) let kernels: UnsafePointer<ck_attention_kernels>
    let pool: BufferPool

    private var queries: Int { query.shape[1] }
    private var keys: Int { key.shape[1] }
    private var channels: Int { query.shape[2] }
    private var headSize: Int { channels / heads }
    private var elementSize: Int { query.dtype.size }

    /// Blocks of a head's queries.
    var blocks: Int { (queries - 1) / Int(CK_ATTENTION_QUERIES) + 1 }

    /// Bytes of a head's packed keys, then values.
    var packedSize: Int { packedKeys + ck_attention_values_size(keys, headSize) * MemoryLayout<Float>.size }

    private var packedKeys: Int { ck_attention_keys_size(keys, headSize) * MemoryLayout<Float>.size }

    /// The byte where a head starts in a tensor with so many tokens a row.
    private func offset(head: Int, tokens: Int) -> Int {
        (head / heads * tokens * channels + head % heads * headSize) * elementSize
    }

    /// Packs a head's keys and values at byte `start` of a buffer.
    func pack(head: Int, into packed: CPUBuffer, at start: Int) {
        let offset = offset(head: head, tokens: keys)
        let type = query.dtype.kernelType
        let out = unsafe packed.pointer + start
        unsafe kernels.pointee.pack_keys(
            out.assumingMemoryBound(to: Float.self),
            key.pointer + offset,
            keys,
            headSize,
            channels,
            type
        )
        unsafe kernels.pointee.pack_values(
            (out + packedKeys).assumingMemoryBound(to: Float.self),
            value.pointer + offset,
            keys,
            headSize,
            channels,
            type
        )
    }

    /// Attention of one block of a head's queries to its keys and values, packed at byte `start` of a buffer.
    func attend(head: Int, block: Int, packed: CPUBuffer, at start: Int) {
        let first = block * Int(CK_ATTENTION_QUERIES)
        let offset = offset(head: head, tokens: queries) + first * channels * elementSize
        let packedKeys = unsafe packed.pointer + start
        let packedValues = unsafe packedKeys + self.packedKeys
        let scratch = pool.take(ck_attention_scratch(headSize) * MemoryLayout<Float>.size)
        var piece = unsafe ck_attention(
            output: result.pointer + offset,
            query: query.pointer + offset,
            keys: packedKeys.assumingMemoryBound(to: Float.self),
            values: packedValues.assumingMemoryBound(to: Float.self),
            scratch: scratch.pointer.assumingMemoryBound(to: Float.self),
            queries: min(Int(CK_ATTENTION_QUERIES), queries - first),
            key_count: keys,
            head_size: headSize,
            stride: channels,
            first_query: first,
            causal: causal,
            scale: 1 / Float(headSize).squareRoot(),
            type: query.dtype.kernelType
        )
        withExtendedLifetime((self, scratch, packed)) { unsafe kernels.pointee.attend(&piece) }
    }
}

extension InstructionSet {
    var attention: UnsafePointer<ck_attention_kernels> {
        unsafe ck_attention_for(ck_isa(numericCast(rawValue)))
    }
}
