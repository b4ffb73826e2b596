// SPDX-License-Identifier: Apache-2.0

extension GenerationRequest {
    /// The request that `parameters` describe, checked as ``GenerationDraft`` checks it.
    package init(
        validating parameters: GenerationParameters,
        limits: GenerationLimits,
        defaults: GenerationDefaults,
        using generator: inout some RandomNumberGenerator
    ) throws(ValidationError) {
        let draft = try GenerationDraft(
            validating: parameters,
            startsFromImage: parameters.image != nil,
            limits: limits,
            defaults: defaults,
            using: &generator
        )
        self = draft.request(startingFrom: parameters.image)
    }

    /// Checks what a caller said, with random seeds from the system.
    package init(
        validating parameters: GenerationParameters,
        limits: GenerationLimits,
        defaults: GenerationDefaults
    ) throws(ValidationError) {
        var generator = SystemRandomNumberGenerator()
        try self.init(validating: parameters, limits: limits, defaults: defaults, using: &generator)
    }
}
