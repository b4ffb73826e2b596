// SPDX-License-Identifier: Apache-2.0

import ImageCodec

/// The web UI's settings that this server has.
struct Automatic1111Options: Encodable {
    /// The model in use.
    let model = Automatic1111Request.model
    /// The format of files.
    let format = ImageFormat.png.rawValue
    let quality = ImageEncoder.defaultQuality

    enum CodingKeys: String, CodingKey {
        case model = "sd_model_checkpoint"
        case format = "samples_format"
        case quality = "jpeg_quality"
    }
}

extension JSONValue {
    /// The models as the web UI lists them.
    static let automatic1111Models: JSONValue = [
        [
            "title": .text(Automatic1111Request.model),
            "model_name": .text(Automatic1111Request.model),
            "hash": .null,
            "sha256": .null,
            // Not told: it is a path of this machine.
            "filename": "",
            "config": .null,
        ]
    ]

    /// The spacings of the steps as the web UI lists them: each sampler has its own, and no other.
    static let automatic1111Spacings: JSONValue = .array(
        ["automatic": "Automatic", "karras": "Karras"].sorted { $0.key < $1.key }.map { name, label in
            [
                "name": .text(name), "label": .text(label), "aliases": .null, "default_rho": -1,
                "need_inner_model": false,
            ]
        }
    )
}
