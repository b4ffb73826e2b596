// SPDX-License-Identifier: Apache-2.0

/// The files of a model that Darkroom reads, and no others: one set of weights, and never a pickle.
package struct DownloadPlan: Sendable, Equatable {
    /// Small files, which say what the model is.
    package let configuration: [HubFile]
    package let weights: [HubFile]

    package var files: [HubFile] { configuration + weights }
    package var bytes: Int { files.reduce(0) { $0 + $1.size } }

    /// No file of the first kind is near this size.
    private static let maxConfigurationBytes = 64_000_000
    private static let maxWeightBytes = 1 << 36
    private static let maxFiles = 512

    /// Chooses among the files of `name`.
    ///
    /// - Parameter variant: the weights to take; by default fp16 for every network that has it.
    package init(_ name: ModelName, _ files: [HubFile], variant: WeightVariant?) throws(HubError) {
        var folders: [String?: [String: HubFile]] = [:]
        for file in files { folders[file.path.folder, default: [:]][file.path.name] = file }

        var configuration = folders[nil]?["model_index.json"].map { [$0] } ?? []
        var weights: [HubFile] = []
        for folder in DiffusersFolder.allCases {
            let files = folders[folder.rawValue] ?? [:]
            for file in folder.requiredFiles {
                guard let file = files[file] else { throw .missing("\(folder.rawValue)/\(file)", of: name) }
                configuration.append(file)
            }
            configuration += folder.optionalFiles.compactMap { files[$0] }

            guard let stem = folder.weightStem else { continue }
            let found = (variant.map { [$0] } ?? [.fp16, .plain]).lazy
                .compactMap { Self.weights($0, stem: stem, in: files) }.first
            guard let found else {
                let kind = variant == .fp16 ? "fp16 weights" : "weights"
                throw .missing("\(kind) (.safetensors) in \(folder.rawValue)/", of: name)
            }
            configuration += found.index.map { [$0] } ?? []
            weights += found.files
        }
        self.configuration = configuration
        self.weights = weights.sorted { $0.path < $1.path }
        try checkSizes(name)
    }

    /// One file, or an index and all the files that it is of.
    private static func weights(
        _ variant: WeightVariant,
        stem: String,
        in files: [String: HubFile]
    ) -> (index: HubFile?, files: [HubFile])? {
        let suffix = variant == .fp16 ? ".fp16" : ""
        if let file = files["\(stem)\(suffix).safetensors"] { return (nil, [file]) }
        guard let index = files["\(stem).safetensors.index\(suffix).json"] else { return nil }
        let shards = files.values.compactMap { file in
            ShardName(file.path.name, stem: stem).map { (name: $0, file: file) }
        }.filter { $0.name.variant == variant }
        guard let total = shards.first?.name.total, shards.count == total,
            shards.allSatisfy({ $0.name.total == total })
        else { return nil }
        return (index, shards.map(\.file))
    }

    private func checkSizes(_ name: ModelName) throws(HubError) {
        guard files.count <= Self.maxFiles else {
            throw .badAnswer(subject: "\(name)", problem: "a model of \(files.count) files")
        }
        let limits = [(configuration, Self.maxConfigurationBytes), (weights, Self.maxWeightBytes)]
        for (files, limit) in limits {
            if let file = files.first(where: { $0.size > limit }) {
                throw .badAnswer(subject: "\(file.path)", problem: "a size of \(file.size) bytes")
            }
        }
    }
}
