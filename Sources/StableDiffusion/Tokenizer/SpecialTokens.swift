// SPDX-License-Identifier: Apache-2.0

import Foundation
import Tensor

/// A token that stands for itself wherever its text occurs in a prompt.
struct SpecialToken: Equatable, Sendable {
    var content: String
    /// Whether it is looked for in the text after clean-up, in lower case for one, instead of before.
    var isNormalized: Bool
}

/// The tokens with a role, and the length of a tokenized prompt: `special_tokens_map.json` and `tokenizer_config.json`.
struct SpecialTokens: Sendable {
    private(set) var begin = SpecialToken(content: "<|startoftext|>", isNormalized: false)
    private(set) var end = SpecialToken(content: "<|endoftext|>", isNormalized: false)
    private(set) var unknown = SpecialToken(content: "<|endoftext|>", isNormalized: false)
    private(set) var padding = SpecialToken(content: "<|endoftext|>", isNormalized: false)
    /// Tokens of a tokenized prompt, with its beginning, end and padding.
    private(set) var contextLength = 77

    /// Reads both files, either of which may be absent.
    ///
    /// `special_tokens_map.json` wins: for Stable Diffusion 2.1 it says that padding is `!`, which is right, and the
    /// other file that it is `<|endoftext|>`.
    init(directory: URL) throws(TokenizerError) {
        for name in ["tokenizer_config.json", "special_tokens_map.json"] {
            let path = directory.appending(path: name).path
            guard FileManager.default.fileExists(atPath: path) else { continue }
            do {
                let document = try JSONDecoder().decode(Document.self, from: JSONFile.contents(path))
                let flags = document.addedTokens ?? [:]
                func token(_ written: WrittenToken?, else current: SpecialToken) throws(Refusal) -> SpecialToken {
                    guard let written else { return current }
                    let added = flags.values.first { $0.content == written.content }
                    return try (added ?? written).token()
                }
                begin = try token(document.begin, else: begin)
                end = try token(document.end, else: end)
                unknown = try token(document.unknown, else: unknown)
                padding = try token(document.padding, else: padding)
                contextLength = try document.contextLength() ?? contextLength
                let known = [begin, end, unknown, padding].map(\.content)
                if let extra = flags.values.map(\.content).filter({ !known.contains($0) }).min() {
                    throw Refusal(problem: "added token \(extra) is not supported")
                }
            } catch let refusal as Refusal {
                throw TokenizerError(file: path, problem: refusal.problem)
            } catch {
                throw TokenizerError(file: path, problem: JSONFile.explain(error))
            }
        }
    }

    private struct Refusal: Error {
        var problem: String
    }

    /// The keys the two files share.
    private struct Document: Decodable {
        var begin: WrittenToken?
        var end: WrittenToken?
        var unknown: WrittenToken?
        var padding: WrittenToken?
        var modelMaxLength: Double?
        var addedTokens: [String: WrittenToken]?

        enum CodingKeys: String, CodingKey {
            case begin = "bos_token"
            case end = "eos_token"
            case unknown = "unk_token"
            case padding = "pad_token"
            case modelMaxLength = "model_max_length"
            case addedTokens = "added_tokens_decoder"
        }

        /// The stated length, or nil if the file states none; transformers writes 1e30 for that.
        func contextLength() throws(Refusal) -> Int? {
            guard let modelMaxLength, modelMaxLength < 1e20 else { return nil }
            guard let length = Int(exactly: modelMaxLength), (3...4096).contains(length) else {
                throw Refusal(problem: "model_max_length \(modelMaxLength) is not a whole number from 3 to 4096")
            }
            return length
        }
    }

    /// A token as files write it: its text, or an object with flags.
    private struct WrittenToken: Decodable {
        var content: String
        private var isNormalized = false
        private var unsupported: [String] = []

        private enum CodingKeys: String, CodingKey, CaseIterable {
            case content
            case normalized
            case stripsLeft = "lstrip"
            case stripsRight = "rstrip"
            case wholeWord = "single_word"
        }

        init(from decoder: any Decoder) throws {
            if let text = try? decoder.singleValueContainer().decode(String.self) {
                content = text
                return
            }
            let container = try decoder.container(keyedBy: CodingKeys.self)
            content = try container.decode(String.self, forKey: .content)
            isNormalized = try container.decodeIfPresent(Bool.self, forKey: .normalized) ?? false
            unsupported = try [CodingKeys.stripsLeft, .stripsRight, .wholeWord]
                .filter { try container.decodeIfPresent(Bool.self, forKey: $0) ?? false }.map(\.rawValue)
        }

        func token() throws(Refusal) -> SpecialToken {
            guard !content.isEmpty else { throw Refusal(problem: "a special token is empty") }
            guard unsupported.isEmpty else {
                throw Refusal(problem: "special token \(content) has \(unsupported[0]), which is not supported")
            }
            return SpecialToken(content: content, isNormalized: isNormalized)
        }
    }
}
