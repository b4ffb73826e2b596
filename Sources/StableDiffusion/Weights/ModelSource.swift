// SPDX-License-Identifier: Apache-2.0

package import Foundation
import Tensor

/// The files of a Stable Diffusion 2 model, opened but not loaded: its sizes, and where its weights are.
///
/// Two layouts are read: a directory as `DiffusionPipeline.save_pretrained` of diffusers writes it, and a single
/// `.safetensors` file as Stability AI first published the model, with a tokenizer directory beside it. The second has
/// no configuration: it is Stable Diffusion 2.1 unless the caller says otherwise.
package struct ModelSource: Sendable {
    package let textEncoder: TextEncoderConfiguration
    package let unet: UNetConfiguration
    package let autoencoder: AutoencoderConfiguration
    package let scheduler: SchedulerConfiguration

    /// The directory or the file.
    package let path: String

    private let tokenizerDirectory: URL
    private let storage: Storage

    private enum Storage {
        case directory(URL)
        case singleFile(SafetensorsFile)
    }

    /// Opens a model.
    ///
    /// Throws ``ConfigurationError`` or ``WeightError``, which name the file.
    ///
    /// - Parameters:
    ///   - path: a directory in the diffusers layout, or a single `.safetensors` file.
    ///   - tokenizer: the tokenizer's directory; by default `tokenizer` in the directory, or beside the single file.
    ///   - predictionType: what the UNet predicts, instead of what the files say or, for a single file, seem to say.
    package init(path: String, tokenizer: String? = nil, predictionType: PredictionType? = nil) throws {
        var isDirectory: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw ConfigurationError(file: path, problem: "no such file or directory")
        }
        let url = URL(filePath: path, directoryHint: isDirectory.boolValue ? .isDirectory : .notDirectory)
        let tokenizerURL = tokenizer.map { URL(filePath: $0, directoryHint: .isDirectory) }
        if isDirectory.boolValue {
            try self.init(directory: url, tokenizer: tokenizerURL, predictionType: predictionType)
        } else {
            try self.init(
                singleFile: SafetensorsFile(path: path),
                tokenizer: tokenizerURL ?? url.deletingLastPathComponent().appending(path: "tokenizer"),
                predictionType: predictionType
            )
        }
    }

    private init(directory: URL, tokenizer: URL?, predictionType: PredictionType?) throws {
        func file(_ component: String, _ name: String = "config.json") -> String {
            directory.appending(path: component).appending(path: name).path
        }
        var scheduler = try SchedulerConfiguration(
            configurationFile: file("scheduler", "scheduler_config.json")
        )
        if let predictionType { scheduler.predictionType = predictionType }
        try self.init(
            textEncoder: TextEncoderConfiguration(configurationFile: file(ModelComponent.textEncoder.rawValue)),
            unet: UNetConfiguration(configurationFile: file(ModelComponent.unet.rawValue)),
            autoencoder: AutoencoderConfiguration(configurationFile: file(ModelComponent.autoencoder.rawValue)),
            scheduler: scheduler,
            path: directory.path,
            tokenizerDirectory: tokenizer ?? directory.appending(path: "tokenizer"),
            storage: .directory(directory)
        )
    }

    /// A single file with the sizes of Stable Diffusion 2.1, or of a smaller model that only the caller knows.
    ///
    /// The published 768-pixel model predicts the velocity and the 512-pixel one the noise; which one a file is shows
    /// in its weights.
    package init(
        singleFile: SafetensorsFile,
        tokenizer: URL,
        predictionType: PredictionType? = nil,
        textEncoder: TextEncoderConfiguration = .stableDiffusion2,
        unet: UNetConfiguration? = nil,
        autoencoder: AutoencoderConfiguration = .stableDiffusion2
    ) throws {
        let source = try WeightSource(component: .unet, singleFile: singleFile)
        let predictionType = try predictionType ?? source.guessedPredictionType()
        try self.init(
            textEncoder: textEncoder,
            unet: unet ?? .stableDiffusion2(sampleSize: predictionType == .velocity ? 96 : 64),
            autoencoder: autoencoder,
            scheduler: .stableDiffusion2(predictionType: predictionType),
            path: singleFile.file.path,
            tokenizerDirectory: tokenizer,
            storage: .singleFile(singleFile)
        )
    }

    private init(
        textEncoder: TextEncoderConfiguration,
        unet: UNetConfiguration,
        autoencoder: AutoencoderConfiguration,
        scheduler: SchedulerConfiguration,
        path: String,
        tokenizerDirectory: URL,
        storage: Storage
    ) throws(ConfigurationError) {
        func mismatch(_ problem: String) -> ConfigurationError { ConfigurationError(file: path, problem: problem) }

        guard unet.crossAttentionSize == textEncoder.hiddenSize else {
            throw mismatch(
                "the UNet reads text of \(unet.crossAttentionSize) channels and the text encoder writes "
                    + "\(textEncoder.hiddenSize)"
            )
        }
        guard unet.inputChannels == autoencoder.latentChannels, unet.outputChannels == autoencoder.latentChannels else {
            throw mismatch(
                "the UNet has \(unet.inputChannels) channels in and \(unet.outputChannels) out where latents have "
                    + "\(autoencoder.latentChannels): a model for inpainting or upscaling is not supported"
            )
        }
        self.textEncoder = textEncoder
        self.unet = unet
        self.autoencoder = autoencoder
        self.scheduler = scheduler
        self.path = path
        self.tokenizerDirectory = tokenizerDirectory
        self.storage = storage
    }

    /// The tokenizer.
    ///
    /// Throws ``TokenizerError`` if its files cannot be read and ``ConfigurationError`` if it does not fit the text
    /// encoder.
    package func tokenizer(convention: CLIPTokenizer.Convention = .huggingFace) throws -> CLIPTokenizer {
        let tokenizer = try CLIPTokenizer(directory: tokenizerDirectory, convention: convention)
        guard tokenizer.largestIdentifier < textEncoder.vocabularySize else {
            throw ConfigurationError(
                file: tokenizerDirectory.path,
                problem: "has token \(tokenizer.largestIdentifier) where the text encoder knows "
                    + "\(textEncoder.vocabularySize) tokens"
            )
        }
        guard tokenizer.contextLength == textEncoder.maxPositions else {
            throw ConfigurationError(
                file: tokenizerDirectory.path,
                problem: "makes \(tokenizer.contextLength) tokens where the text encoder reads "
                    + "\(textEncoder.maxPositions)"
            )
        }
        return tokenizer
    }

    /// A strict reader of one component's weights.
    package func weights(of component: ModelComponent) throws(WeightError) -> WeightReader {
        WeightReader(try source(of: component), name: component.rawValue)
    }

    /// The number of parameters in a component's files.
    package func parameterCount(of component: ModelComponent) throws(WeightError) -> Int {
        try source(of: component).parameterCount
    }

    private func source(of component: ModelComponent) throws(WeightError) -> WeightSource {
        switch storage {
        case .directory(let directory):
            try WeightSource(component: component, directory: directory.appending(path: component.rawValue))
        case .singleFile(let file):
            try WeightSource(component: component, singleFile: file)
        }
    }
}

extension WeightSource {
    /// What a UNet of the Stable Diffusion 2 family was trained to predict, by the spread of one of its biases.
    ///
    /// The rule and its threshold are ComfyUI's, `SD20.model_type` in `comfy/supported_models.py`: the 768-pixel models
    /// have more than 0.09.
    fileprivate func guessedPredictionType() throws -> PredictionType {
        let name = "up_blocks.3.attentions.2.transformer_blocks.0.norm1.bias"
        guard let stored = tensors[name], stored.shape.count == 1, stored.shape[0] > 1 else {
            throw ConfigurationError(
                file: path,
                problem: "does not show what it predicts; give the prediction type (no tensor \(name))"
            )
        }
        let values = try stored.view(as: name).floats().map(Double.init)
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
        return variance.squareRoot() > 0.09 ? .velocity : .epsilon
    }
}
