// SPDX-License-Identifier: Apache-2.0

import Foundation
import StableDiffusion
import Testing

@Suite("Tokenizer files that cannot be used")
struct TokenizerErrorTests {
    /// A file to write over a good tokenizer's, and what the error must say of it.
    struct Damage: CustomTestStringConvertible, Sendable {
        var file: String
        var content: String
        var line: Int?
        var problem: String

        var testDescription: String { "\(file): \(content.prefix(40).debugDescription)" }
    }

    static let damages = [
        Damage(file: "vocab.json", content: "", problem: "JSON"),
        Damage(file: "vocab.json", content: "[1, 2]", problem: "expected {"),
        Damage(file: "vocab.json", content: #"{"a": 1.5}"#, problem: "byte 7"),
        Damage(file: "vocab.json", content: #"{"a": 99999999999}"#, problem: "too large"),
        Damage(file: "vocab.json", content: #"{"a": -1}"#, problem: "without sign"),
        Damage(file: "vocab.json", content: #"{"a": 1, "b": 1}"#, problem: "two tokens"),
        Damage(file: "vocab.json", content: #"{"a": 1"#, problem: "JSON"),
        Damage(file: "vocab.json", content: #"{"a": 1, "\u0061": 2}"#, problem: "twice"),
        Damage(
            file: "vocab.json",
            content: #"{"r": 0, "e": 1, "re": 2, "d</w>": 3, "red</w>": 4}"#,
            problem: "<|startoftext|>"
        ),
        Damage(file: "merges.txt", content: "#version: 0.2\nr e\nred\n", line: 3, problem: "two tokens"),
        Damage(file: "merges.txt", content: "#version: 0.2\nr e d\n", line: 2, problem: "two tokens"),
        Damage(file: "merges.txt", content: "#version: 0.2\n\nr e\n", line: 2, problem: "two tokens"),
        Damage(file: "merges.txt", content: "#version: 0.2\nr e\nr e\n", line: 3, problem: "before"),
        Damage(file: "merges.txt", content: "r e\nre zz\n", line: 2, problem: "zz"),
        Damage(file: "merges.txt", content: "r e\nr d</w>\n", line: 2, problem: "rd</w>"),
        Damage(file: "tokenizer_config.json", content: "no", problem: "JSON"),
        Damage(file: "tokenizer_config.json", content: #"{"model_max_length": 2}"#, problem: "model_max_length"),
        Damage(file: "tokenizer_config.json", content: #"{"model_max_length": 7.5}"#, problem: "model_max_length"),
        Damage(
            file: "special_tokens_map.json",
            content: #"{"pad_token": {"content": "!", "lstrip": true}}"#,
            problem: "lstrip"
        ),
        Damage(file: "special_tokens_map.json", content: #"{"pad_token": ""}"#, problem: "empty"),
        Damage(file: "special_tokens_map.json", content: #"{"pad_token": 3}"#, problem: "pad_token"),
        Damage(
            file: "tokenizer_config.json",
            content: #"{"added_tokens_decoder": {"600": {"content": "<cat-toy>"}}}"#,
            problem: "<cat-toy>"
        ),
    ]

    @Test(arguments: damages)
    func `are refused with their name and what is wrong`(_ damage: Damage) throws {
        let folder = try TemporaryFolder.withSmallTokenizer(words: ["r e", "re d</w>"])
        _ = try CLIPTokenizer(directory: folder.url)
        try folder.write(damage.file, damage.content)
        let error = try #require(throws: TokenizerError.self) { try CLIPTokenizer(directory: folder.url) }
        #expect(error.file.hasSuffix(damage.file))
        #expect(error.line == damage.line)
        #expect(error.problem.contains(damage.problem), "\(error)")
        #expect(!error.problem.isEmpty)
    }

    @Test(arguments: ["vocab.json", "merges.txt"])
    func `are refused when absent`(_ name: String) throws {
        let folder = try TemporaryFolder.withSmallTokenizer(words: [])
        try FileManager.default.removeItem(at: folder.url.appending(path: name))
        let error = try #require(throws: TokenizerError.self) { try CLIPTokenizer(directory: folder.url) }
        #expect(error.file.hasSuffix(name))
    }

    @Test func `are refused when not UTF-8`() throws {
        let folder = try TemporaryFolder.withSmallTokenizer(words: [])
        try Data([0x72, 0x20, 0xFF, 0x0A]).write(to: folder.url.appending(path: "merges.txt"))
        let error = try #require(throws: TokenizerError.self) { try CLIPTokenizer(directory: folder.url) }
        #expect(error.line == 1)
    }
}
