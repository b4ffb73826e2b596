// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import StableDiffusion
import Tensor

/// What can be done with models on disk.
struct Models: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Download models, check them and pack their weights.",
        subcommands: [Pull.self, List.self, Remove.self, Verify.self, Pack.self]
    )

    /// Loads a model to the last tensor and says what it is.
    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check every tensor of a model and print what it is."
        )

        @Argument(
            help:
                "A diffusers directory, an original .safetensors file, a name that 'models list' shows, or 'embedded'."
        )
        var path: String

        @Option(help: ArgumentHelp("A tokenizer other than the model's own.", valueName: "dir"))
        var tokenizer: String?

        @Option(help: ArgumentHelp("What the model predicts, instead of what its files say.", valueName: "type"))
        var predictionType: PredictionType?

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            var options = ModelOptions()
            options.model = path
            options.tokenizer = tokenizer
            options.predictionType = predictionType
            let source = try options.source()
            // Building the networks checks names and shapes; nothing is computed.
            let model = try StableDiffusionModel(source, on: CPUDevice(precision: .bfloat16, threads: 2))
            let description = try ModelDescription(source, model)
            if json {
                try Terminal.printJSON(description)
            } else {
                print(description.text)
            }
        }
    }
}

/// What `darkroom models verify` says.
struct ModelDescription: Encodable {
    var path: String
    var textEncoderParameters: Int
    var unetParameters: Int
    var autoencoderParameters: Int
    var nativeSize: Int
    var autoencoderFactor: Int
    var latentChannels: Int
    var predictionType: String
    var vocabularySize: Int

    init(_ source: ModelSource, _ model: StableDiffusionModel) throws {
        path = source.path
        textEncoderParameters = try source.parameterCount(of: .textEncoder)
        unetParameters = try source.parameterCount(of: .unet)
        autoencoderParameters = try source.parameterCount(of: .autoencoder)
        nativeSize = model.nativeSize
        autoencoderFactor = model.autoencoder.factor
        latentChannels = model.unet.configuration.inputChannels
        predictionType = model.scheduler.predictionType.rawValue
        vocabularySize = model.textEncoder.configuration.vocabularySize
    }

    var text: String {
        """
        \(path): every tensor is there, none is unknown
          text encoder   \(millions(textEncoderParameters)) parameters, \(vocabularySize) words
          UNet           \(millions(unetParameters)) parameters, \(latentChannels) latent channels, predicts \(predictionType)
          autoencoder    \(millions(autoencoderParameters)) parameters, factor \(autoencoderFactor)
          native size    \(nativeSize)x\(nativeSize)
        """
    }

    private func millions(_ count: Int) -> String {
        let tenths = (count + 50_000) / 100_000
        return "\(tenths / 10).\(tenths % 10) M"
    }
}
