// SPDX-License-Identifier: Apache-2.0

/// The addresses under /v1 and /v2 that make pictures.
enum GenerationEndpoint: String, CaseIterable {
    /// From a prompt, and a reference picture if there is one.
    case textToImage = "sd2.1-txt2img"
    /// From a prompt and a reference picture.
    case imageToImage = "sd2.1-img2img"
}
