// SPDX-License-Identifier: Apache-2.0

import Foundation
import StableDiffusion
import Testing

@Suite("CLIP tokenizer")
struct CLIPTokenizerTests {
    /// What the reference tokenizers make of a prompt; made by `Fixtures/tokenizer/make_tokenizer.py`.
    private struct Golden: Decodable {
        var text: String
        /// transformers, with the files as Stable Diffusion 2.1 publishes them.
        var ids: [Int]
        /// transformers, after a save and load; nil where that is the same.
        var resaved: [Int]?
        /// OpenCLIP; nil where it repairs the text first.
        var openCLIP: [Int]?

        enum CodingKeys: String, CodingKey {
            case text, ids, resaved
            case openCLIP = "open_clip"
        }

        static func all() throws -> [Golden] {
            try JSONDecoder().decode([Golden].self, from: Data(contentsOf: Fixture.url("tokenizer/prompts.json")))
        }
    }

    private static let clip = Fixture.url("tokenizer/clip")
    private static let huggingFace = Result { try CLIPTokenizer(directory: clip) }
    private static let openCLIP = Result { try CLIPTokenizer(directory: clip, convention: .openCLIP) }

    private func padded(_ ids: [Int]) -> [Int] {
        ids + Array(repeating: 0, count: 77 - ids.count)
    }

    @Test func `gives the identifiers of transformers' CLIPTokenizer`() throws {
        let tokenizer = try Self.huggingFace.get()
        let prompts = try Golden.all()
        #expect(prompts.count >= 200)
        for prompt in prompts {
            #expect(tokenizer.encode(prompt.text).ids == padded(prompt.ids), "\(prompt.text.debugDescription)")
        }
    }

    @Test func `gives the identifiers of a tokenizer that transformers saved again`() throws {
        let folder = try TemporaryFolder()
        for name in ["vocab.json", "merges.txt"] {
            try FileManager.default.copyItem(at: Self.clip.appending(path: name), to: folder.url.appending(path: name))
        }
        try folder.write(
            "tokenizer_config.json",
            #"{"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "model_max_length": 77, "pad_token": "!"}"#
        )
        let tokenizer = try CLIPTokenizer(directory: folder.url)
        for prompt in try Golden.all() {
            let expected = padded(prompt.resaved ?? prompt.ids)
            #expect(tokenizer.encode(prompt.text).ids == expected, "\(prompt.text.debugDescription)")
        }
    }

    @Test func `gives the identifiers of OpenCLIP in its convention`() throws {
        let tokenizer = try Self.openCLIP.get()
        let prompts = try Golden.all().filter { $0.openCLIP != nil }
        #expect(prompts.count >= 150)
        for prompt in prompts {
            let expected = padded(prompt.openCLIP ?? [])
            #expect(tokenizer.encode(prompt.text).ids == expected, "\(prompt.text.debugDescription)")
        }
    }

    @Test func `reads exclamation marks as padding or as words, by convention`() throws {
        let hugging = try Self.huggingFace.get().encode("! !! !!!").ids.prefix(9)
        let open = try Self.openCLIP.get().encode("! !! !!!").ids.prefix(9)
        #expect(hugging == [49406, 0, 0, 0, 0, 0, 0, 49407, 0])
        #expect(open == [49406, 256, 748, 995, 49407, 0, 0, 0, 0])
    }

    @Test func `reports the words that do not fit`() throws {
        let tokenizer = try Self.huggingFace.get()
        let full = String(repeating: "a ", count: 75)
        #expect(tokenizer.encode("").cut == nil)
        #expect(tokenizer.encode(full).cut == nil)
        #expect(tokenizer.encode(full + " Red  Hat, please!").cut == "red hat, please!")
        #expect(tokenizer.encode(full + "don't <|endoftext|>").cut == "don't <|endoftext|>")
    }

    @Test func `reports a word whole that fits in part`() throws {
        let tokenizer = try Self.huggingFace.get()
        let start = String(repeating: "a ", count: 74)
        let encoding = tokenizer.encode(start + "antidisestablishmentarianism now")
        #expect(encoding.cut == "antidisestablishmentarianism now")
        #expect(encoding.ids[75] != 0)
        #expect(encoding.ids[76] == 49407)
    }

    @Test func `works the same with a small vocabulary`() throws {
        let folder = try TemporaryFolder.withSmallTokenizer(words: ["r e", "re d</w>", "c a", "ca t</w>"])
        let tokenizer = try CLIPTokenizer(directory: folder.url)
        #expect(tokenizer.contextLength == 8)
        #expect(tokenizer.largestIdentifier == 517)
        // "red" and "cat" are single tokens, "re" of "rex" one and x with a word's end another.
        #expect(tokenizer.encode("Red CAT rex").ids == [516, 513, 515, 512, 256 + 87, 517, 517, 517])
        #expect(tokenizer.encode("red red red red red red cat").cut == "cat")
    }

    @Test func `reads a byte the vocabulary lacks as the unknown token`() throws {
        let folder = try TemporaryFolder()
        try folder.write("vocab.json", #"{"a</w>": 0, "<|startoftext|>": 1, "<|endoftext|>": 2}"#)
        try folder.write("merges.txt", "#version: 0.2\n")
        let ids = try CLIPTokenizer(directory: folder.url).encode("a b").ids
        #expect(ids.prefix(4) == [1, 0, 2, 2])
        #expect(ids.count == 77)
    }
}
