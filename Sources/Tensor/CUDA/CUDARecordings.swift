// SPDX-License-Identifier: Apache-2.0

import CCUDA

/// Evaluations that were written down as CUDA graphs, to be replayed with other inputs.
struct CUDARecordings {
    /// Shapes beyond which the one that was not used for longest is forgotten.
    static let limit = 12

    struct Key: Hashable {
        var function: ObjectIdentifier
        var shapes: [Shape]
    }

    /// One evaluation: where its inputs and its result lie, and what is done between.
    @safe final class Recording {
        private let graph: OpaquePointer
        private let handle: CUDAHandle
        /// Holds every piece of memory whose address is in the graph.
        let pool: CUDAPool
        let inputs: [Tensor]
        /// What the inputs were last copied from: kept, so that no other tensor can have its place and seem the same.
        var sources: [any TensorStorage]
        let output: Tensor

        init(
            graph: OpaquePointer,
            handle: CUDAHandle,
            pool: CUDAPool,
            inputs: [Tensor],
            sources: [Tensor],
            output: Tensor
        ) {
            unsafe self.graph = graph
            self.handle = handle
            self.pool = pool
            self.inputs = inputs
            self.sources = sources.map(\.storage)
            self.output = output
        }

        deinit {
            unsafe cc_free_graph(handle.pointer, graph)
        }

        func replay() {
            unsafe must(cc_replay(handle.pointer, graph))
        }
    }

    /// Seen once: the second time is worth recording.
    var seen: Set<Key> = []
    private var recordings: [(key: Key, recording: Recording)] = []

    subscript(key: Key) -> Recording? {
        mutating get {
            guard let index = recordings.firstIndex(where: { $0.key == key }) else { return nil }
            let found = recordings.remove(at: index)
            recordings.append(found)
            return found.recording
        }
    }

    mutating func add(_ recording: Recording, for key: Key) {
        if recordings.count == Self.limit { recordings.removeFirst() }
        recordings.append((key, recording))
    }
}

extension CUDADevice {
    /// Evaluates `body` the first time, records it the second, and from then on replays the record: one call in place of
    /// the hundreds that its operations are.
    package func evaluate(
        _ function: DeviceFunction,
        _ inputs: [Tensor],
        _ body: ([Tensor]) -> Tensor
    ) -> Tensor {
        let key = CUDARecordings.Key(function: ObjectIdentifier(function), shapes: inputs.map(\.shape))
        if let recording = recordings[key] {
            for (index, input) in inputs.enumerated() where recording.sources[index] !== input.storage {
                copy(input, to: recording.inputs[index])
                recording.sources[index] = input.storage
            }
            return replay(recording)
        }
        // What is done once, such as choosing plans and uploading weights, cannot be recorded.
        guard !recordings.seen.insert(key).inserted else { return body(inputs) }
        let recording = record(inputs, body)
        recordings.add(recording, for: key)
        return replay(recording)
    }

    private func record(_ inputs: [Tensor], _ body: ([Tensor]) -> Tensor) -> CUDARecordings.Recording {
        let outer = pool
        defer { pool = outer }
        let own = CUDAPool(handle)
        pool = own
        let copies = inputs.map { makeTensor($0.shape) }
        for (input, copy) in zip(inputs, copies) { self.copy(input, to: copy) }
        unsafe must(cc_begin_recording(handle.pointer))
        let output = body(copies)
        var graph: OpaquePointer?
        unsafe must(cc_end_recording(handle.pointer, &graph))
        guard let graph = unsafe graph else { fatalError("CUDA: \(CUDAError.last)") }
        return unsafe CUDARecordings.Recording(
            graph: graph,
            handle: handle,
            pool: own,
            inputs: copies,
            sources: inputs,
            output: output
        )
    }

    /// The next replay overwrites a recording's own result, so this one is a copy.
    private func replay(_ recording: CUDARecordings.Recording) -> Tensor {
        recording.replay()
        let result = makeTensor(recording.output.shape)
        copy(recording.output, to: result)
        return result
    }

    private func copy(_ tensor: Tensor, to other: Tensor) {
        unsafe must(cc_copy(handle.pointer, other.address, tensor.address, tensor.shape.count * precision.size))
    }
}
