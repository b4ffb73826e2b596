// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ModelHub

/// Which of a model's files are downloaded.
@Suite struct DownloadPlanTests {
    private static let checksum = Checksum.gitBlob(String(repeating: "a", count: 40))
    private static let small = [
        "scheduler/scheduler_config.json", "tokenizer/vocab.json", "tokenizer/merges.txt", "text_encoder/config.json",
        "unet/config.json", "vae/config.json",
    ]
    private static let plain = [
        "text_encoder/model.safetensors", "unet/diffusion_pytorch_model.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
    ]

    private func weights(_ paths: [String], _ variant: WeightVariant? = nil) throws -> [String] {
        let files = try (Self.small + paths).map { path in
            HubFile(path: try #require(RepositoryPath(path)), size: 10, checksum: Self.checksum)
        }
        return try DownloadPlan(TestModels.name, files, variant: variant).weights.map(\.path.description)
    }

    @Test func `networks without the variant come without it, unless it was asked for`() throws {
        let paths = Self.plain + ["unet/diffusion_pytorch_model.fp16.safetensors"]
        #expect(
            try weights(paths) == [
                Self.plain[0], "unet/diffusion_pytorch_model.fp16.safetensors", Self.plain[2],
            ]
        )
        #expect(try weights(paths, .plain) == Self.plain)
        #expect {
            try weights(paths, .fp16)
        } throws: {
            "\($0)".contains("fp16 weights (.safetensors) in text_encoder/")
        }
    }

    @Test(arguments: [".fp16-%-of-00002", "-%-of-00002.fp16"])
    func `all shards of a variant are downloaded, and their index`(pattern: String) throws {
        let index = "unet/diffusion_pytorch_model.safetensors.index.fp16.json"
        let shards = ["00001", "00002"].map {
            "unet/diffusion_pytorch_model\(pattern.replacing("%", with: $0)).safetensors"
        }
        let others = ["unet/diffusion_pytorch_model-00001-of-00001.safetensors"]
        let paths = [Self.plain[0], Self.plain[2], index] + shards + others
        #expect(try weights(paths) == [Self.plain[0]] + shards + [Self.plain[2]])
        #expect(throws: HubError.self) { try weights(paths, .plain) }
        #expect(throws: HubError.self) { try weights(paths.filter { $0 != shards[0] }) }
    }

    @Test func `pickles are no weights`() throws {
        let pickles = ["unet/diffusion_pytorch_model.bin", "unet/diffusion_pytorch_model.ckpt"]
        #expect {
            try weights([Self.plain[0], Self.plain[2]] + pickles)
        } throws: {
            "\($0)".contains("weights (.safetensors) in unet/")
        }
    }

    @Test(arguments: small)
    func `a model without a file that is read is refused by the file's name`(path: String) throws {
        let files = try (Self.small.filter { $0 != path } + Self.plain).map {
            HubFile(path: try #require(RepositoryPath($0)), size: 10, checksum: Self.checksum)
        }
        #expect(throws: HubError.missing(path, of: TestModels.name)) {
            try DownloadPlan(TestModels.name, files, variant: nil)
        }
    }
}
