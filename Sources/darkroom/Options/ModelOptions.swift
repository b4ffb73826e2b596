// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EmbeddedModel
import Foundation
import ModelHub
import StableDiffusion
import Tensor

/// Which model to load.
struct ModelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A diffusers directory, an original .safetensors file, a name that 'models list' shows, or 'embedded'.",
            valueName: "path|name"
        )
    )
    var model = EmbeddedModel.name

    @Option(help: ArgumentHelp("A tokenizer other than the model's own.", valueName: "dir"))
    var tokenizer: String?

    @Option(
        help: ArgumentHelp(
            "What becomes of '!': the padding, as in diffusers, or a word, as in OpenCLIP.",
            valueName: "huggingface|openclip"
        )
    )
    var tokenizerConvention = CLIPTokenizer.Convention.huggingFace

    @Option(
        help: ArgumentHelp(
            "What the model predicts, instead of what its files say: epsilon, v_prediction or sample.",
            valueName: "type"
        )
    )
    var predictionType: PredictionType?

    static let settings = ["model", "tokenizer", "tokenizer-convention", "prediction-type"].map { Setting(name: $0) }

    /// The options that choose the same model.
    var arguments: [String] {
        ["--model=\(model)", "--tokenizer-convention=\(tokenizerConvention.defaultValueDescription)"]
            + (tokenizer.map { ["--tokenizer=\($0)"] } ?? [])
            + (predictionType.map { ["--prediction-type=\($0.rawValue)"] } ?? [])
    }

    /// What the model is called in answers and picture files.
    var name: String {
        guard model != EmbeddedModel.name else { return "darkroom-embedded" }
        let url = URL(filePath: model)
        return (url.pathExtension == "safetensors" ? url.deletingPathExtension() : url).lastPathComponent
    }

    /// Opens the model's files without loading them.
    func source() throws -> ModelSource {
        try ModelSource(path: path(), tokenizer: tokenizer, predictionType: predictionType)
    }

    /// Where the model's files are; a path counts before a name.
    private func path() throws -> String {
        if model == EmbeddedModel.name { return EmbeddedModel.directory.path }
        if FileManager.default.fileExists(atPath: model) { return model }
        let problem = "--model: no file or directory at '\(model)', and no model of that name"
        guard let name = ModelName(model) else { throw ValidationError(problem) }
        let models = ModelsDirectory(environment: ProcessInfo.processInfo.environment)
        if let path = models?.path(of: name) { return path }
        throw ValidationError("\(problem); 'darkroom models pull \(name)' downloads it from a hub")
    }

    /// Loads the model, and says on standard error what is wrong with its packed weights.
    ///
    /// The embedded model's are not kept: packing them takes less time than the rest of the start.
    func load(
        _ source: ModelSource,
        cache: CacheOptions,
        verifiesCache: Bool = false,
        on device: any Device
    ) throws -> StableDiffusionModel {
        let bar = ProgressBar()
        defer { bar.clear() }
        let loaded = try StableDiffusionModel(
            source,
            tokenizerConvention: tokenizerConvention,
            cache: model == EmbeddedModel.name ? nil : cache.cache,
            verifiesCache: verifiesCache,
            on: device
        ) { done, total in
            bar.update(done: done / 1_000_000, total: total / 1_000_000, label: "Packing weights, MB")
        }
        bar.clear()
        for note in loaded.packedOrigin.notes {
            Terminal.note("note: \(note)\n")
        }
        return loaded
    }
}

extension Arithmetic: ExpressibleByArgument {}
extension PredictionType: ExpressibleByArgument {}

extension CLIPTokenizer.Convention: ExpressibleByArgument {
    init?(argument: String) {
        switch argument {
        case "huggingface": self = .huggingFace
        case "openclip": self = .openCLIP
        default: return nil
        }
    }

    public var defaultValueDescription: String {
        self == .huggingFace ? "huggingface" : "openclip"
    }
}
