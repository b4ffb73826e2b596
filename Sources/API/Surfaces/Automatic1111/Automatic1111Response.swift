// SPDX-License-Identifier: Apache-2.0

import Foundation
import Jobs

/// An answer with pictures in the words of the web UI.
struct Automatic1111Response: Encodable {
    /// The files as base64 text.
    let images: [String]
    /// What was made.
    let parameters: Parameters
    /// JSON as text.
    let info: String

    init(images: [String], of generation: GenerationRequest, _ job: Job, warnings: [String]) throws {
        self.images = images
        parameters = Parameters(generation, job)
        let info = Info(generation, job, warnings: warnings)
        self.info = String(decoding: try JSONEncoder.api.encode(info), as: UTF8.self)
    }

    /// The fields that decided about the pictures.
    struct Parameters: Encodable {
        let prompt: String
        let negativePrompt: String
        let seed: Int64
        let samplerName: String
        let steps: Int
        let cfgScale: Double
        let width: Int
        let height: Int
        let batchSize: Int
        let nIter = 1
        let denoisingStrength: Double?

        init(_ generation: GenerationRequest, _ job: Job) {
            prompt = generation.prompt
            negativePrompt = generation.negativePrompt
            // A repetition without a seed has drawn another one than the request whose pictures these are.
            seed = (job.result?.images.first?.seed ?? generation.seed).value
            samplerName = generation.scheduler.automatic1111Name
            steps = generation.steps
            cfgScale = generation.guidanceScale
            width = generation.width
            height = generation.height
            batchSize = generation.samples
            denoisingStrength = if case .image(_, let strength) = generation.start { strength } else { nil }
        }

        enum CodingKeys: String, CodingKey {
            case prompt, seed, steps, width, height
            case negativePrompt = "negative_prompt"
            case samplerName = "sampler_name"
            case cfgScale = "cfg_scale"
            case batchSize = "batch_size"
            case nIter = "n_iter"
            case denoisingStrength = "denoising_strength"
        }
    }

    /// What the web UI tells about pictures.
    private struct Info: Encodable {
        let parameters: Parameters
        let allPrompts: [String]
        let allNegativePrompts: [String]
        let allSeeds: [Int64]
        let jobTimestamp: String
        /// Ours: the request's id, and what was done otherwise than asked.
        let requestID: String
        let warnings: [String]

        init(_ generation: GenerationRequest, _ job: Job, warnings: [String]) {
            parameters = Parameters(generation, job)
            let seeds = job.result?.images.map(\.seed.value) ?? []
            allPrompts = seeds.map { _ in generation.prompt }
            allNegativePrompts = seeds.map { _ in generation.negativePrompt }
            allSeeds = seeds
            jobTimestamp = job.submitted.iso8601
            requestID = job.id.description
            self.warnings = warnings
        }

        enum CodingKeys: String, CodingKey {
            case warnings
            case allPrompts = "all_prompts"
            case allNegativePrompts = "all_negative_prompts"
            case allSeeds = "all_seeds"
            case jobTimestamp = "job_timestamp"
            case requestID = "request_id"
            case modelName = "sd_model_name"
            case firstImage = "index_of_first_image"
        }

        func encode(to encoder: any Encoder) throws {
            try parameters.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(allPrompts, forKey: .allPrompts)
            try container.encode(allNegativePrompts, forKey: .allNegativePrompts)
            try container.encode(allSeeds, forKey: .allSeeds)
            try container.encode(jobTimestamp, forKey: .jobTimestamp)
            try container.encode(requestID, forKey: .requestID)
            try container.encode(warnings, forKey: .warnings)
            try container.encode(Automatic1111Request.model, forKey: .modelName)
            try container.encode(0, forKey: .firstImage)
        }
    }
}
