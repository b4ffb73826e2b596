// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import Jobs

// A worker that answers every job at once with the same small picture: what remains is what the service itself takes.
//
//     stub-worker sqlite:PATH

guard CommandLine.arguments.count == 2, let location = StoreLocation(CommandLine.arguments[1]) else {
    fatalError("usage: stub-worker sqlite:PATH")
}
let store = try await location.open()
let worker = WorkerID("stub")
let picture = try ImageEncoder(format: .jpeg).encode(
    RGBImage(width: 64, height: 64, pixels: [UInt8](repeating: 128, count: 64 * 64 * 3))
)

while true {
    try await store.announce(worker, .ready)
    let jobs = try await store.claim(by: worker, upTo: 8, size: nil, waitingUpTo: .seconds(5))
    for job in jobs {
        let images = (0..<job.request.samples).map { index in
            GeneratedImage(
                bytes: picture,
                format: .jpeg,
                width: 64,
                height: 64,
                seed: job.request.seed.advanced(by: index)
            )
        }
        _ = try await store.complete(
            job.lease,
            with: GenerationResult(images: images, timings: GenerationTimings(inference: .zero))
        )
    }
}
