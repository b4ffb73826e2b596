// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import StableDiffusion

/// Shows what the text encoder sees of a prompt.
struct Tokenize: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print a prompt's token ids as a JSON array.")

    @OptionGroup var modelOptions: ModelOptions

    @Argument(help: "The prompt.")
    var text: String

    func run() throws {
        let ids = try modelOptions.source()
            .tokenizer(convention: modelOptions.tokenizerConvention)
            .encode(text).ids
        try Terminal.printJSON(ids, pretty: false)
    }
}
