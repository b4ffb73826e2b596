// SPDX-License-Identifier: Apache-2.0

/// Everything a sampling method starts from, validated.
struct SamplingRun: Sendable {
    let configuration: SchedulerConfiguration
    let schedule: NoiseSchedule
    /// Number of steps of the whole schedule.
    let steps: Int
    /// The step a run on a picture starts with; 0 for a run on noise.
    let firstStep: Int
    private let image: LatentVector?
    private let noise: LatentVector

    /// Draws the initial noise; the steps left out are those of `StableDiffusionImg2ImgPipeline.get_timesteps`.
    init(
        configuration: SchedulerConfiguration,
        steps: Int,
        start: InitialLatents,
        generator: inout TorchGenerator
    ) throws(SamplerError) {
        // One step fewer than training has, so that no method divides by the distance of two equal levels.
        guard (1..<configuration.numTrainTimesteps).contains(steps) else {
            throw .stepsOutOfRange(steps, maximum: configuration.numTrainTimesteps - 1)
        }
        self.configuration = configuration
        self.steps = steps
        schedule = NoiseSchedule(configuration)
        switch start {
        case .noise(let count):
            firstStep = 0
            image = nil
            noise = LatentVector(values: generator.normal(count: count))
        case .image(let latents, let strength):
            guard (0...1).contains(strength) else {
                throw .strengthOutOfRange(strength)
            }
            let remaining = Int(Double(steps) * strength)
            guard remaining > 0 else {
                throw .strengthLeavesNoStep(strength, steps: steps)
            }
            firstStep = steps - remaining
            image = LatentVector(values: latents)
            noise = LatentVector(values: generator.normal(count: latents.count))
        }
    }

    var predictionType: PredictionType { configuration.predictionType }

    /// The initial latents of a variance-preserving method at the level alpha * x0 + sigma * noise.
    ///
    /// A run on noise takes the noise as it is: the first level is not quite free of the picture, but models are
    /// sampled as if it were.
    func initialLatents(alpha: Float, sigma: Float) -> LatentVector {
        guard let image else { return noise }
        return alpha * image + sigma * noise
    }

    /// The initial latents of a variance-exploding method at the level x0 + sigma * noise.
    func initialLatents(sigma: Float) -> LatentVector {
        guard let image else { return sigma * noise }
        return image + sigma * noise
    }

    /// The whole timesteps of all steps with "leading" spacing, those before `firstStep` included.
    func leadingTimesteps() throws(SamplerError) -> [Int] {
        let timesteps = TimestepSpacing.leading(
            steps: steps,
            trainTimesteps: configuration.numTrainTimesteps,
            offset: configuration.stepsOffset
        )
        guard timesteps[0] < configuration.numTrainTimesteps else {
            throw .timestepOutOfRange(timesteps[0], maximum: configuration.numTrainTimesteps - 1)
        }
        return timesteps
    }

    /// The limit for estimates of the picture, nil for none, when the method clips by default or not.
    func clipRange(byDefault clips: Bool) -> Float? {
        configuration.clipSample ?? clips ? configuration.clipSampleRange : nil
    }
}
