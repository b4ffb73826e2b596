// SPDX-License-Identifier: Apache-2.0

import StableDiffusion
import Synchronization

/// What recent prompts mean to the UNet, so that a repeated prompt skips the text encoder.
final class ConditioningCache: Sendable {
    private struct Entry {
        var conditioning: Conditioning
        var lastUse: UInt64
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var clock: UInt64 = 0
        var misses = 0
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// A cache of so many prompts; a prompt of the full-size model takes 4 MB in bfloat16.
    init(capacity: Int = 32) {
        precondition(capacity > 0, "a cache holds something")
        self.capacity = capacity
    }

    /// How often the text encoder was needed.
    var misses: Int { state.withLock(\.misses) }

    /// What `prompt` means; the prompt that was not used for the longest makes room.
    func conditioning(for prompt: String, with model: StableDiffusionModel) -> Conditioning {
        if let known = use(prompt) { return known }
        let conditioning = model.conditioning(for: prompt)
        state.withLock { state in
            state.misses += 1
            state.clock += 1
            state.entries[prompt] = Entry(conditioning: conditioning, lastUse: state.clock)
            guard state.entries.count > capacity else { return }
            let oldest = state.entries.min { $0.value.lastUse < $1.value.lastUse }
            if let oldest { state.entries[oldest.key] = nil }
        }
        return conditioning
    }

    private func use(_ prompt: String) -> Conditioning? {
        state.withLock { state in
            state.clock += 1
            state.entries[prompt]?.lastUse = state.clock
            return state.entries[prompt]?.conditioning
        }
    }
}
