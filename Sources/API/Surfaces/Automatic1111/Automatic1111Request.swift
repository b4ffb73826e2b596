// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import Jobs

/// What a body of the web UI's API says.
struct Automatic1111Request {
    /// What the web UI calls the model.
    static let model = "sd2.1"

    /// What to make.
    private(set) var body = GenerationBody()
    /// Whether the answer holds the pictures.
    private(set) var sendsImages = true

    /// Reads the fields.
    ///
    /// What the web UI can do and this server cannot is refused, unless a field asks for nothing. Fields that are not known
    /// are told in the answer's `info`.
    init(_ fields: inout SurfaceFields, _ endpoint: GenerationEndpoint) throws {
        body.parameters.prompt = try fields.text("prompt")
        body.parameters.negativePrompt = try fields.text("negative_prompt")
        body.parameters.seed = try fields.integer("seed").map { Int64($0) }
        body.parameters.steps = try fields.integer("steps")
        body.parameters.guidanceScale = try fields.number("cfg_scale")
        body.parameters.width = try fields.integer("width")
        body.parameters.height = try fields.integer("height")
        sendsImages = try fields.boolean("send_images") ?? true
        try readSampler(&fields)
        try readSamples(&fields)
        switch endpoint {
        case .textToImage:
            // Of the second pass, which is refused.
            fields.drop(["denoising_strength", "firstphase_width", "firstphase_height"])
        case .imageToImage:
            try readReference(&fields)
        }
        try readSettings(&fields)
        try Self.refuseWhatIsNotThere(&fields)
        body.warnings = fields.untaken.map { "The field \"\($0)\" is not known and was ignored." }
    }

    private mutating func readSampler(_ fields: inout SurfaceFields) throws {
        let name = try fields.text("sampler_name")
        let oldName = try fields.text("sampler_index")
        let spacing = try fields.text("scheduler")
        guard let name = name ?? oldName else {
            guard let spacing, spacing.lowercased() != "automatic" else { return }
            throw APIError(
                wrong: "scheduler",
                "must be automatic where no sampler_name is",
                given: "\(spacing.prefix(100))"
            )
        }
        body.parameters.scheduler = try Scheduler(automatic1111: name, spacing: spacing).rawValue
    }

    /// Batches and pictures in them: here all are one batch.
    private mutating func readSamples(_ fields: inout SurfaceFields) throws {
        let size = try fields.integer("batch_size") ?? 1
        let count = try fields.integer("n_iter") ?? 1
        let (samples, isTooLarge) = size.multipliedReportingOverflow(by: count)
        guard size > 0, count > 0, !isTooLarge else {
            throw APIError(wrong: "batch_size", "and n_iter must be at least 1", given: "\(size) and \(count)")
        }
        body.parameters.samples = samples
    }

    private mutating func readReference(_ fields: inout SurfaceFields) throws {
        let images = try fields.array("init_images") ?? []
        guard images.count == 1 else {
            throw APIError(wrong: "init_images", "must hold one picture", given: "\(images.count)")
        }
        body.image = images[0]
        body.parameters.strength = try fields.number("denoising_strength") ?? 0.75
        try fields.refuse("resize_mode", "must be 0: pictures are resized to the size asked for", unless: \.isEmpty)
        try fields.refuse("initial_noise_multiplier", "must be 1") { $0.asNumber == 1 }
        try fields.refuse("include_init_images", "is not supported", unless: \.isEmpty)
        try fields.refuse("mask", "is not supported: the whole picture is changed", unless: \.isEmpty)
        // Of masks, and of models that follow instructions.
        fields.drop([
            "mask_blur", "mask_blur_x", "mask_blur_y", "mask_round", "inpainting_fill", "inpaint_full_res",
            "inpaint_full_res_padding", "inpainting_mask_invert", "image_cfg_scale", "latent_mask",
        ])
    }

    /// Settings for one request: the format of the files, and the one model there is.
    private mutating func readSettings(_ fields: inout SurfaceFields) throws {
        var settings = try fields.object("override_settings")
        body.parameters.outputFormat = try settings.text("samples_format") ?? ImageFormat.png.rawValue
        body.parameters.quality = try settings.integer("jpeg_quality")
        try settings.refuse("sd_model_checkpoint", "must be \(Self.model)") { $0.asText == Self.model }
        guard let name = settings.untaken.first else { return }
        throw APIError(wrong: name, "is not a setting of this server")
    }

    private static func refuseWhatIsNotThere(_ fields: inout SurfaceFields) throws(APIError) {
        for name in [
            "enable_hr", "restore_faces", "tiling", "styles", "subseed_strength", "script_name", "script_args",
            "save_images",
            "s_churn", "s_tmin", "s_tmax", "s_min_uncond", "refiner_checkpoint", "refiner_switch_at", "firstpass_image",
            "comments",
        ] {
            try fields.refuse(name, "is not supported", unless: \.isEmpty)
        }
        // Extensions put fields here that switch them off.
        try fields.refuse("alwayson_scripts", "is not supported: there are no extensions") { $0.isWithoutArguments }
        try fields.refuse("s_noise", "must be 1") { $0.asNumber == 1 }
        try fields.refuse("eta", "must be 0 or 1: the sampler decides") { [0, 1].contains($0.asNumber) }
        for name in ["seed_resize_from_h", "seed_resize_from_w"] {
            try fields.refuse(name, "is not supported") { ($0.asNumber ?? 1) <= 0 }
        }
        // Of what is refused above, or of files and settings on the server, which are not kept.
        fields.drop([
            "hr_scale", "hr_upscaler", "hr_second_pass_steps", "hr_resize_x", "hr_resize_y", "hr_checkpoint_name",
            "hr_sampler_name", "hr_scheduler", "hr_prompt", "hr_negative_prompt", "subseed", "do_not_save_samples",
            "do_not_save_grid", "override_settings_restore_afterwards",
            "disable_extra_networks",
        ])
    }
}

extension FieldValue {
    /// Whether this is an object of scripts, none of which has an argument that asks for something.
    fileprivate var isWithoutArguments: Bool {
        guard case .object(let scripts) = self else { return isEmpty }
        return scripts.values.allSatisfy { script in
            guard case .object(let fields) = script else { return script.isEmpty }
            guard case .array(let arguments) = fields["args"] ?? .array([]) else { return false }
            return arguments.allSatisfy(\.isEmpty)
        }
    }
}
