// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import ModelHub

extension Models {
    /// Lists the models that go by a name.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List downloaded models.")

        @OptionGroup var directoryOptions: ModelsDirectoryOptions

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let reports = try directoryOptions.models().models().map { ModelReport($0) }
            if json {
                try Terminal.printJSON(reports)
            } else {
                print(TextTable(["name", "commit", "MB", "directory"], reports.map(\.row)))
            }
        }
    }

    /// Removes a downloaded model.
    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove a downloaded model, or what there is of one."
        )

        @Argument(help: "The model's name, as 'models list' shows it.")
        var name: ModelName

        @OptionGroup var directoryOptions: ModelsDirectoryOptions

        func run() throws {
            try directoryOptions.models().remove(name)
        }
    }
}

/// What `darkroom models list` says of a model.
private struct ModelReport: Encodable {
    var name: String
    /// Absent for a model that was put there by hand.
    var commit: String?
    var bytes: Int
    var directory: String

    init(_ model: InstalledModel) {
        name = model.name.description
        commit = model.commit?.description
        bytes = model.bytes
        directory = model.directory.path
    }

    var row: [String] {
        [name, commit.map { String($0.prefix(12)) } ?? "-", "\((bytes + 500_000) / 1_000_000)", directory]
    }
}
