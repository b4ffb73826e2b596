// SPDX-License-Identifier: Apache-2.0

import Tensor

/// The empty prompt, which most requests have for their negative one, and what the text encoder makes of it.
///
/// It is kept beside the packed weights, so that a new process has half of its first request's text at hand.
struct EmptyPrompt: Sendable {
    private let ids: [Int]
    private let embedding: PackedFloats
    private let shape: Shape
    private let device: any Device
    /// What did not work with the file, a line each.
    let notes: [String]

    /// Finds the embedding in `file`, or computes it and leaves it there.
    ///
    /// - Parameters:
    ///   - ids: the empty prompt's tokens.
    ///   - verifying: whether an embedding that is there is compared with what the text encoder makes now.
    init(_ ids: [Int], _ textEncoder: TextEncoder, in file: PackedFile, verifying: Bool, on device: any Device) {
        self.ids = ids
        self.device = device
        shape = [1, ids.count, textEncoder.configuration.hiddenSize]
        let arena = PackedArena()
        embedding = arena.reserve(values: "embedding", count: shape.count) { device.download(textEncoder([ids])) }
        let origin = arena.settle(in: file, verifying: verifying)
        var notes = origin.notes
        if case .written(let publication) = origin.state {
            do {
                try publication.wait()
            } catch {
                notes.append("\(error)")
            }
        }
        self.notes = notes
    }

    /// The embedding, `[1, tokens, hiddenSize]`, if a prompt of these tokens is the empty one.
    func embedding(ifSameAs ids: [Int]) -> Tensor? {
        guard ids == self.ids else { return nil }
        // Values of the device's own precision: they come back as they were.
        return device.upload(embedding.values, shape: shape)
    }
}
