// SPDX-License-Identifier: Apache-2.0

/// The documented fields of a generation request, by the names the HTTP API gives them.
///
/// Every message about a wrong value names its field with one of these, so that the API, the command line and the tests
/// speak of the same thing.
package enum ParameterName: String, CaseIterable, Sendable {
    case prompt
    case negativePrompt = "negative_prompt"
    case samples
    case scheduler
    case steps = "num_inference_steps"
    case guidanceScale = "guidance_scale"
    case strength
    case seed
    case width = "img_width"
    case height = "img_height"
    case base64
    case image
    case mask
    case outputFormat = "output_format"
    case quality
    case webhook
}
