// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EmbeddedModel
import Foundation
import StableDiffusion
import Tensor

extension Models {
    /// Packs a model's weights ahead of the first picture, for an image that is to start fast.
    struct Pack: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Pack a model's weights into a file that starts at once and that processes share."
        )

        @OptionGroup var modelOptions: ModelOptions
        @OptionGroup var deviceOptions: DeviceOptions
        @OptionGroup var cacheOptions: CacheOptions

        @Flag(help: "Compare a file that is there with the model's weights, and pack it again if it differs.")
        var verify = false

        @Flag(help: "Print JSON.")
        var json = false

        func validate() throws {
            guard modelOptions.model != EmbeddedModel.name else {
                throw ValidationError("--model: the embedded model packs in milliseconds and is not kept packed")
            }
            guard cacheOptions.cache != nil else {
                throw ValidationError("--cache-directory: there is no cache directory to pack into")
            }
        }

        func run() throws {
            let clock = ContinuousClock()
            let start = clock.now
            let model = try modelOptions.load(
                modelOptions.source(),
                cache: cacheOptions,
                verifiesCache: verify,
                on: deviceOptions.open(cache: cacheOptions)
            )
            let packed = PackedWeightsReport(waitingFor: model.packedOrigin)
            guard let path = packed.path else { throw ExitCode.failure }
            let seconds = (clock.now - start) / .seconds(1)
            if json {
                try Terminal.printJSON(Report(packed: packed, seconds: seconds))
            } else {
                let figures = String(format: "%.2f GB, %.1f s", Double(packed.bytes) / 1e9, seconds)
                print("\(path): \(packed.state), \(figures)")
            }
        }
    }
}

extension Models.Pack {
    private struct Report: Encodable {
        var packed: PackedWeightsReport
        var seconds: Double

        private enum CodingKeys: String, CodingKey {
            case seconds
        }

        func encode(to encoder: any Encoder) throws {
            try packed.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(seconds, forKey: .seconds)
        }
    }
}
