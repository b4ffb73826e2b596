// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The root of the command line.
struct Darkroom: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "darkroom",
        abstract: "Stable Diffusion 2.1 as a serverless HTTP API, on its own engine.",
        version: "0.1.0",
        subcommands: [
            Generate.self, Tokenize.self, Models.self, Serve.self, RunWorker.self, Keys.self, CreditsCommand.self,
            JobsCommand.self, Bench.self, Doctor.self, Evaluate.self,
        ]
    )
}
