// SPDX-License-Identifier: Apache-2.0

import Jobs

extension GenerationRequest {
    /// The parameters of one picture as AUTOMATIC1111's web UI writes them into its files, so that tools which read them
    /// find them here.
    func parametersText(seed: Seed, model: String) -> String {
        var fields = [
            "Steps: \(steps)",
            "Sampler: \(scheduler.rawValue)",
            "CFG scale: \(guidanceScale)",
            "Seed: \(seed.value)",
            "Size: \(width)x\(height)",
            "Model: \(model)",
        ]
        if case .image(_, let strength) = start {
            fields.append("Denoising strength: \(strength)")
        }
        fields.append("Version: Darkroom")
        let negative = negativePrompt.isEmpty ? [] : ["Negative prompt: \(negativePrompt)"]
        return ([prompt] + negative + [fields.joined(separator: ", ")]).joined(separator: "\n")
    }
}
