// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import StableDiffusion

@Suite struct SchedulerConfigurationTests {
    private static let published = """
        {
          "_class_name": "DDIMScheduler", "_diffusers_version": "0.8.0", "beta_end": 0.012,
          "beta_schedule": "scaled_linear", "beta_start": 0.00085, "clip_sample": false,
          "num_train_timesteps": 1000, "prediction_type": "v_prediction", "set_alpha_to_one": false,
          "skip_prk_steps": true, "steps_offset": 1, "trained_betas": null
        }
        """

    private func decode(_ json: String) throws -> SchedulerConfiguration {
        try JSONDecoder().decode(SchedulerConfiguration.self, from: Data(json.utf8))
    }

    /// The published file with one value exchanged or added.
    private func decode(_ key: String, _ value: String) throws -> SchedulerConfiguration {
        var object = try #require(
            JSONSerialization.jsonObject(with: Data(Self.published.utf8)) as? [String: Any]
        )
        object[key] = try JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed)
        let data = try JSONSerialization.data(withJSONObject: object)
        return try JSONDecoder().decode(SchedulerConfiguration.self, from: data)
    }

    @Test func `reads the file of Stable Diffusion 2_1`() throws {
        #expect(try decode(Self.published) == .stableDiffusion2(predictionType: .velocity))
    }

    @Test func `keys that are absent have the defaults of diffusers`() throws {
        let json = #"{"beta_start": 0.0001, "beta_end": 0.02, "beta_schedule": "linear"}"#
        let configuration = try decode(json)
        #expect(configuration.numTrainTimesteps == 1000)
        #expect(configuration.predictionType == .epsilon)
        #expect(configuration.stepsOffset == 0)
        #expect(configuration.setAlphaToOne == nil)
        #expect(configuration.clipSample == nil)
        #expect(configuration.skipPRKSteps == nil)
    }

    @Test(arguments: [
        ("beta_schedule", #""squaredcos_cap_v2""#), ("prediction_type", #""flow_prediction""#),
        ("trained_betas", "[0.1, 0.2]"), ("thresholding", "true"), ("rescale_betas_zero_snr", "true"),
        ("num_train_timesteps", "1"), ("num_train_timesteps", "1000000000"), ("beta_start", "0"), ("beta_start", "-1"),
        ("beta_end", "1.5"), ("beta_end", "0.0001"), ("steps_offset", "-1"), ("steps_offset", "1000"),
        ("clip_sample_range", "0"), ("beta_start", "1e-12"), ("beta_end", "0.999"),
    ])
    func `refuses what it cannot follow and names the key`(key: String, value: String) throws {
        let error = try #require(throws: SchedulerConfigurationError.self) { try decode(key, value) }
        #expect(error.field == key)
        #expect(error.description.contains(key))
    }

    @Test(arguments: [
        "num_train_timesteps", "beta_start", "beta_end", "beta_schedule", "prediction_type", "steps_offset",
        "set_alpha_to_one", "clip_sample", "clip_sample_range", "skip_prk_steps", "rescale_betas_zero_snr",
        "thresholding",
    ])
    func `null is not absence`(key: String) throws {
        let error = try #require(throws: DecodingError.self) { try decode(key, "null") }
        #expect(JSONFile.explain(error) == "\(key): must not be null")
    }

    @Test func `refuses a file without betas`() {
        #expect(throws: DecodingError.self) { try decode("{}") }
    }

    @Test func `what is written can be read again`() throws {
        let configuration = try decode("clip_sample", "true")
        let data = try JSONEncoder().encode(configuration)
        #expect(try JSONDecoder().decode(SchedulerConfiguration.self, from: data) == configuration)
    }

    @Test func `clipping is on by default where diffusers' class has it on`() throws {
        var configuration = SchedulerConfiguration.stableDiffusion2()
        configuration.clipSample = nil
        var generator = TorchGenerator(seed: 0)
        let run = try SamplingRun(
            configuration: configuration,
            steps: 1,
            start: .noise(count: 1),
            generator: &generator
        )
        #expect(run.clipRange(byDefault: true) == 1)
        #expect(run.clipRange(byDefault: false) == nil)
    }
}
