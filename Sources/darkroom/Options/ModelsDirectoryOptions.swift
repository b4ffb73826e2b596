// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import ModelHub

/// Where downloaded models are kept.
struct ModelsDirectoryOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where models are kept (default: $\(ModelsDirectory.environmentKey), or darkroom/models in the user's data).",
            valueName: "dir"
        )
    )
    var directory: String?

    /// Throws `ValidationError` if neither the option nor the environment says where models are.
    func models() throws -> ModelsDirectory {
        if let directory, !directory.isEmpty { return ModelsDirectory(directory) }
        guard let models = ModelsDirectory(environment: ProcessInfo.processInfo.environment) else {
            throw ValidationError("--directory: there is no home directory to keep models in; name one")
        }
        return models
    }
}

extension ModelName: ExpressibleByArgument {
    init?(argument: String) { self.init(argument) }
}
