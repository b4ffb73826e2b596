// SPDX-License-Identifier: Apache-2.0

import CCUDA

extension CUDADevice {
    // MARK: Products

    package func linear(
        _ x: Tensor,
        _ weights: LinearWeights,
        activation: Activation,
        residual: Tensor?
    ) -> Tensor {
        precondition(x.shape.channels == weights.inputs, "\(x.shape) into \(weights.inputs) inputs")
        precondition(weights.isGated == (activation == .geglu), "gated weights and GEGLU go together")
        let columns = weights.isGated ? 2 * weights.outputs : weights.outputs
        // What the library adds it adds before an activation, the residual comes after it.
        let isLast = activation == .none
        let product = makeTensor(x.shape.with(channels: columns))
        multiply(
            x.address,
            weights.packed,
            rows: x.shape.pixels,
            usualRows: usualRows(x.shape.pixels, of: x.shape[0]),
            depth: weights.inputs,
            columns: columns,
            residual: isLast ? residual : nil,
            into: product.address
        )
        var result = product
        switch activation {
        case .none:
            return result
        case .silu, .gelu:
            launchActivation(activation, product, into: product)
        case .geglu:
            result = makeTensor(x.shape.with(channels: weights.outputs))
            kernels.launch(
                .geglu,
                grid: cc_extent(blocks(x.shape.pixels * vectors(weights.outputs))),
                block: 256,
                product.address,
                result.address,
                x.shape.pixels.int32,
                weights.outputs.int32
            )
        }
        if let residual { addBias(result, rows: 1, bias: 0, rowBias: nil, residual: residual, into: result) }
        return result
    }

    package func linears(_ x: Tensor, _ group: LinearGroup) -> [Tensor] {
        guard let packed = group.packed else { preconditionFailure("a group of another device was given to the GPU") }
        let (inputs, outputs) = (group.layers[0].inputs, group.layers[0].outputs)
        let shape = x.shape.with(channels: outputs)
        let size = shape.count * precision.size
        let results = pool.take(group.layers.count * size)
        let (matrices, biases, hasBias) = addresses(packed)
        var plan = CUDAPlans.Product(
            rows: x.shape.pixels,
            columns: outputs,
            depth: inputs,
            usualRows: usualRows(x.shape.pixels, of: x.shape[0]),
            strides: [inputs, inputs, outputs],
            hasBias: hasBias
        )
        if hasBias {
            for index in group.layers.indices {
                multiply(
                    plan,
                    x.address,
                    matrices + cc_address(index * outputs * inputs * precision.size),
                    bias: biases + cc_address(index * outputs * precision.size),
                    into: results.address + cc_address(index * size)
                )
            }
        } else {
            // One batch of products with the same left side.
            plan.batch = group.layers.count
            plan.batchStrides = [0, outputs * inputs, shape.count]
            multiply(plan, x.address, matrices, into: results.address)
        }
        return group.layers.indices.map { index in
            let part = CUDABuffer(part: results, from: index * size, byteCount: size)
            return Tensor(shape: shape, dtype: precision, storage: part)
        }
    }

    /// `x · Wᵀ + b + residual` with weights that were packed as a matrix.
    func multiply(
        _ x: cc_address,
        _ weights: any PackedWeights,
        rows: Int,
        usualRows: Int,
        depth: Int,
        columns: Int,
        residual: Tensor?,
        into y: cc_address
    ) {
        let (matrix, bias, hasBias) = addresses(weights)
        let plan = CUDAPlans.Product(
            rows: rows,
            columns: columns,
            depth: depth,
            usualRows: usualRows,
            strides: [depth, depth, columns],
            hasBias: hasBias,
            hasResidual: residual != nil
        )
        multiply(plan, x, matrix, bias: bias, residual: residual?.address ?? 0, into: y)
    }

    func multiply(
        _ plan: CUDAPlans.Product,
        _ x: cc_address,
        _ w: cc_address,
        bias: cc_address = 0,
        residual: cc_address = 0,
        into y: cc_address
    ) {
        let product = unsafe plans.product(plan, type: precision.cudaType, on: handle)
        unsafe must(cc_multiply(handle.pointer, product, 1, x, w, bias, residual, y))
    }

    // MARK: Normalisation

    package func groupNorm(
        _ x: Tensor,
        _ weights: NormalizationWeights,
        groups: Int,
        epsilon: Float,
        activation: Activation
    ) -> Tensor {
        let (rows, channels) = (x.shape[0], x.shape.channels)
        precondition(channels == weights.channels && channels % groups == 0, "\(groups) groups of \(x.shape)")
        precondition(activation == .none || activation == .silu, "no kernel for \(activation) after a group norm")
        let pixels = x.shape.count / rows / channels
        // How many pixels a block of the kernel looks at at once; see Kernels/normalization.cu.
        let lanes = max(1, 256 / vectors(channels))
        // Enough blocks for the GPU, each with several pixels a thread; by the shape of a row alone.
        let chunks = min(max(1, pixels / (8 * lanes)), 128)
        let partial = pool.take(rows * chunks * groups * 8)
        let result = makeTensor(x.shape)
        let (scale, shift, _) = addresses(weights.packed)
        kernels.launch(
            .groupNormStatistics,
            grid: cc_extent(chunks, rows),
            block: 256,
            shared: 8 * lanes * channels,
            x.address,
            partial.address,
            pixels.int32,
            channels.int32,
            groups.int32,
            chunks.int32
        )
        kernels.launch(
            .groupNormApply,
            grid: cc_extent(min(max(1, pixels / (4 * lanes)), 512), rows),
            block: 256,
            shared: 8 * groups,
            x.address,
            partial.address,
            scale,
            shift,
            result.address,
            pixels.int32,
            channels.int32,
            groups.int32,
            chunks.int32,
            epsilon,
            Int32(activation == .silu ? 1 : 0)
        )
        return result
    }

    package func layerNorm(_ x: Tensor, _ weights: NormalizationWeights, epsilon: Float) -> Tensor {
        let channels = x.shape.channels
        precondition(channels == weights.channels, "\(x.shape) into a norm of \(weights.channels)")
        let result = makeTensor(x.shape)
        let (scale, shift, _) = addresses(weights.packed)
        kernels.launch(
            .layerNorm,
            grid: cc_extent((x.shape.pixels + 7) / 8),
            block: 256,
            x.address,
            scale,
            shift,
            result.address,
            x.shape.pixels.int32,
            channels.int32,
            epsilon
        )
        return result
    }

    // MARK: Attention

    /// Shared memory of the attention kernel; see Kernels/attention.cu.
    static func attentionMemory(headSize: Int) -> Int { 2 * headSize * (128 + 4 * 64) }

    package func attention(query: Tensor, key: Tensor, value: Tensor, heads: Int, causal: Bool) -> Tensor {
        let (rows, queries, channels) = (query.shape[0], query.shape[1], query.shape[2])
        let keys = key.shape[1]
        precondition(
            channels % heads == 0 && key.shape == value.shape && key.shape[2] == channels,
            "attention's shapes"
        )
        let headSize = channels / heads
        let result = makeTensor(query.shape)
        guard precision != .float32, headSize == 32 || headSize == 64 else {
            attendThroughScores(query, key, value, heads: heads, causal: causal, into: result)
            return result
        }
        kernels.launch(
            headSize == 32 ? .attention32 : .attention64,
            grid: cc_extent((queries + 127) / 128, heads, rows),
            block: 128,
            shared: Self.attentionMemory(headSize: headSize),
            query.address,
            key.address,
            value.address,
            result.address,
            queries.int32,
            keys.int32,
            channels.int32,
            channels.int32,
            heads.int32,
            1.4426950408889634 / Float(headSize).squareRoot(),
            Int32(causal ? 1 : 0)
        )
        return result
    }

    /// Attention of heads that the kernel is not made for, one row at a time: scores, softmax, values.
    private func attendThroughScores(
        _ query: Tensor,
        _ key: Tensor,
        _ value: Tensor,
        heads: Int,
        causal: Bool,
        into result: Tensor
    ) {
        let (rows, queries, channels) = (query.shape[0], query.shape[1], query.shape[2])
        let (keys, headSize) = (key.shape[1], channels / heads)
        // Rows of scores begin where the matrix units can read them.
        let stride = (keys + 7) / 8 * 8
        let scores = pool.take(heads * queries * stride * 4)
        let weights = makeTensor([heads, queries, stride])
        for row in 0..<rows {
            let first = cc_address(row * queries * channels * precision.size)
            let firstKey = cc_address(row * keys * channels * precision.size)
            multiply(
                CUDAPlans.Product(
                    rows: queries,
                    columns: keys,
                    depth: headSize,
                    usualRows: queries,
                    strides: [channels, channels, stride],
                    isFloatResult: true,
                    batch: heads,
                    batchStrides: [headSize, headSize, queries * stride]
                ),
                query.address + first,
                key.address + firstKey,
                into: scores.address
            )
            kernels.launch(
                .softmaxRows,
                grid: cc_extent(heads * queries),
                block: 256,
                scores.address,
                weights.address,
                queries.int32,
                keys.int32,
                stride.int32,
                1 / Float(headSize).squareRoot(),
                Int32(causal ? 1 : 0)
            )
            multiply(
                CUDAPlans.Product(
                    rows: queries,
                    columns: headSize,
                    depth: keys,
                    usualRows: queries,
                    strides: [stride, channels, channels],
                    isTransposed: false,
                    batch: heads,
                    batchStrides: [queries * stride, headSize, headSize]
                ),
                weights.address,
                value.address + firstKey,
                into: result.address + first
            )
        }
    }

    // MARK: Elements

    package func upsampleNearest(_ x: Tensor, height: Int, width: Int) -> Tensor {
        let shape = x.shape
        let result = makeTensor([shape[0], height, width, shape[3]])
        kernels.launch(
            .upsampleNearest,
            grid: cc_extent(blocks(height * width * vectors(shape[3])), shape[0]),
            block: 256,
            x.address,
            result.address,
            shape[1].int32,
            shape[2].int32,
            height.int32,
            width.int32,
            shape[3].int32
        )
        return result
    }

    package func concatenate(_ first: Tensor, _ second: Tensor) -> Tensor {
        let (a, b) = (first.shape.channels, second.shape.channels)
        precondition(first.shape.pixels == second.shape.pixels, "\(first.shape) beside \(second.shape)")
        let result = makeTensor(first.shape.with(channels: a + b))
        let count = a % vector == 0 && b % vector == 0 ? (a + b) / vector : a + b
        kernels.launch(
            .concatenate,
            grid: cc_extent(blocks(first.shape.pixels * count)),
            block: 256,
            first.address,
            second.address,
            result.address,
            first.shape.pixels.int64,
            a.int32,
            b.int32
        )
        return result
    }

    package func stack(_ tensors: [Tensor]) -> Tensor {
        precondition(!tensors.isEmpty, "nothing to stack")
        let inner = Array(tensors[0].shape.extents.dropFirst())
        precondition(tensors.allSatisfy { Array($0.shape.extents.dropFirst()) == inner }, "stacked shapes differ")
        let result = makeTensor(Shape([tensors.reduce(0) { $0 + $1.shape[0] }] + inner))
        var offset = 0
        for tensor in tensors {
            let byteCount = tensor.shape.count * precision.size
            unsafe must(cc_copy(handle.pointer, result.address + cc_address(offset), tensor.address, byteCount))
            offset += byteCount
        }
        return result
    }

    package func embed(_ tokens: [Int], _ table: EmbeddingWeights, positions: EmbeddingWeights) -> Tensor {
        precondition(tokens.allSatisfy { (0..<table.entries).contains($0) }, "a token that is not in the table")
        let ids = tokens.map(\.int32)
        let buffer = pool.take(ids.count * 4)
        unsafe ids.withUnsafeBytes { unsafe staging.copy($0, to: buffer.address) }
        let result = makeTensor([tokens.count, table.channels])
        kernels.launch(
            .embed,
            grid: cc_extent(blocks(result.shape.count)),
            block: 256,
            buffer.address,
            addresses(table.packed).first,
            addresses(positions.packed).first,
            result.address,
            tokens.count.int32,
            positions.entries.int32,
            table.channels.int32
        )
        return result
    }

    package func activate(_ x: Tensor, _ activation: Activation) -> Tensor {
        guard activation != .none else { return x }
        let result = makeTensor(x.shape)
        launchActivation(activation, x, into: result)
        return result
    }

    private func launchActivation(_ activation: Activation, _ x: Tensor, into y: Tensor) {
        precondition(activation == .silu || activation == .gelu, "\(activation) is not of one element")
        kernels.launch(
            .activate,
            grid: cc_extent(blocks((x.shape.count + vector - 1) / vector)),
            block: 256,
            x.address,
            y.address,
            x.shape.count.int64,
            Int32(activation == .silu ? 1 : 2)
        )
    }

    // MARK: Transfer

    package func upload(_ values: [Float], shape: Shape) -> Tensor {
        precondition(values.count == shape.count, "\(values.count) values for \(shape)")
        let floats = pool.take(values.count * 4)
        let result = makeTensor(shape)
        unsafe values.withUnsafeBytes { unsafe staging.copy($0, to: floats.address) }
        kernels.launch(
            .convertFromFloat,
            grid: cc_extent(blocks(values.count)),
            block: 256,
            floats.address,
            result.address,
            values.count.int64
        )
        return result
    }

    package func download(_ tensor: Tensor) -> [Float] {
        let count = tensor.shape.count
        let floats = pool.take(count * 4)
        kernels.launch(
            .convertToFloat,
            grid: cc_extent(blocks(count)),
            block: 256,
            tensor.address,
            floats.address,
            count.int64
        )
        return unsafe [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            initialized = count
            guard let first = buffer.baseAddress else { return }
            unsafe must(cc_copy_out(handle.pointer, first, floats.address, count * 4))
            unsafe must(cc_synchronize(handle.pointer))
        }
    }
}
