// SPDX-License-Identifier: Apache-2.0

extension SchedulerConfiguration: Codable {
    private enum CodingKeys: String, CodingKey {
        case numTrainTimesteps = "num_train_timesteps"
        case betaStart = "beta_start"
        case betaEnd = "beta_end"
        case betaSchedule = "beta_schedule"
        case predictionType = "prediction_type"
        case stepsOffset = "steps_offset"
        case setAlphaToOne = "set_alpha_to_one"
        case clipSample = "clip_sample"
        case clipSampleRange = "clip_sample_range"
        case skipPRKSteps = "skip_prk_steps"
        // Read only to refuse what would change the schedule.
        case trainedBetas = "trained_betas"
        case rescaleBetasZeroSNR = "rescale_betas_zero_snr"
        case thresholding
    }

    /// Reads the file's JSON object.
    ///
    /// Keys that are absent have the defaults of diffusers; the betas have none, because those differ between its
    /// classes. `null` is not absence. Throws ``SchedulerConfigurationError`` for a value that is out of range or not
    /// supported and `DecodingError` for JSON of another shape.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        numTrainTimesteps = try values.value(.numTrainTimesteps, absent: 1000)
        betaStart = try values.decode(Double.self, forKey: .betaStart)
        betaEnd = try values.decode(Double.self, forKey: .betaEnd)
        betaSchedule = try Self.named(values.decode(String.self, forKey: .betaSchedule), field: .betaSchedule)
        predictionType = try Self.named(
            values.value(.predictionType, absent: PredictionType.epsilon.rawValue),
            field: .predictionType
        )
        stepsOffset = try values.value(.stepsOffset, absent: 0)
        setAlphaToOne = try values.valueIfPresent(.setAlphaToOne)
        clipSample = try values.valueIfPresent(.clipSample)
        clipSampleRange = try values.value(.clipSampleRange, absent: 1)
        skipPRKSteps = try values.valueIfPresent(.skipPRKSteps)

        if values.contains(.trainedBetas), try !values.decodeNil(forKey: .trainedBetas) {
            throw Self.error(.trainedBetas, "must be null: a table of betas is not supported")
        }
        for key in [CodingKeys.rescaleBetasZeroSNR, .thresholding] where try values.value(key, absent: false) {
            throw Self.error(key, "must be false: it is not supported")
        }
        try validate()
    }

    /// Writes the JSON object that reading gives back.
    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(numTrainTimesteps, forKey: .numTrainTimesteps)
        try values.encode(betaStart, forKey: .betaStart)
        try values.encode(betaEnd, forKey: .betaEnd)
        try values.encode(betaSchedule.rawValue, forKey: .betaSchedule)
        try values.encode(predictionType.rawValue, forKey: .predictionType)
        try values.encode(stepsOffset, forKey: .stepsOffset)
        try values.encodeIfPresent(setAlphaToOne, forKey: .setAlphaToOne)
        try values.encodeIfPresent(clipSample, forKey: .clipSample)
        try values.encode(clipSampleRange, forKey: .clipSampleRange)
        try values.encodeIfPresent(skipPRKSteps, forKey: .skipPRKSteps)
    }

    /// Checks the ranges that the tables and the samplers rely on.
    private func validate() throws(SchedulerConfigurationError) {
        // The upper limit only keeps a hostile file from asking for a huge table.
        guard (2...100_000).contains(numTrainTimesteps) else {
            throw Self.error(.numTrainTimesteps, "must be between 2 and 100000, not \(numTrainTimesteps)")
        }
        guard betaStart > 0, betaStart < 1 else {
            throw Self.error(.betaStart, "must be between 0 and 1, not \(betaStart)")
        }
        guard betaEnd >= betaStart, betaEnd < 1 else {
            throw Self.error(.betaEnd, "must be between beta_start and 1, not \(betaEnd)")
        }
        guard (0..<numTrainTimesteps).contains(stepsOffset) else {
            throw Self.error(.stepsOffset, "must be a training timestep, not \(stepsOffset)")
        }
        guard clipSampleRange > 0 else {
            throw Self.error(.clipSampleRange, "must be positive, not \(clipSampleRange)")
        }
        let schedule = NoiseSchedule(self)
        guard schedule.sigmas[0] > 0 else {
            throw Self.error(.betaStart, "is too small: the first timestep has no noise, in single precision")
        }
        guard schedule.sigmas[numTrainTimesteps - 1].isFinite else {
            throw Self.error(.betaEnd, "is too large: the last timestep has nothing of the picture left")
        }
    }

    private static func named<Value: RawRepresentable & CaseIterable>(
        _ name: String,
        field: CodingKeys
    ) throws(SchedulerConfigurationError) -> Value where Value.RawValue == String {
        guard let value = Value(rawValue: name) else {
            let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
            throw error(field, "\"\(name)\" is not supported; supported are: \(known)")
        }
        return value
    }

    private static func error(_ field: CodingKeys, _ reason: String) -> SchedulerConfigurationError {
        SchedulerConfigurationError(field: field.rawValue, reason: reason)
    }
}
