// SPDX-License-Identifier: Apache-2.0

import Jobs

/// What the body of a generation request says.
struct GenerationBody {
    /// What to make, but for the reference picture.
    var parameters = GenerationParameters()
    /// The reference picture as it was sent, unread.
    var image: FieldValue?
    /// Whether pictures are wanted as base64 text.
    var base64 = false
    /// Who wants to be told of the end, as it was sent.
    var webhook: String?
    /// What was not understood, one sentence each.
    var warnings: [String] = []

    /// Nothing said.
    init() {}

    /// Reads typed values out of the fields.
    ///
    /// Values outside their limits are for ``GenerationDraft`` to refuse.
    ///
    /// - Throws: ``ValidationError``, naming the field.
    init(_ body: BodyFields) throws(ValidationError) {
        let sent = SentParameters(body)
        try sent.refuse(.mask, "is for inpainting, which this address does not do; leave it out")
        parameters.prompt = try sent.text(.prompt)
        parameters.negativePrompt = try sent.text(.negativePrompt).flatMap(Self.negativePrompt)
        parameters.samples = try sent.integer(.samples)
        parameters.scheduler = try sent.text(.scheduler)
        parameters.steps = try sent.integer(.steps)
        parameters.guidanceScale = try sent.number(.guidanceScale)
        parameters.strength = try sent.number(.strength)
        parameters.seed = try sent.integer(.seed)
        parameters.width = try sent.integer(.width)
        parameters.height = try sent.integer(.height)
        image = try sent.value(.image)
        parameters.outputFormat = try sent.text(.outputFormat)
        parameters.quality = try sent.integer(.quality)
        base64 = try sent.boolean(.base64) ?? false
        webhook = try sent.text(.webhook)
        warnings = sent.warnings
    }

    /// Existing callers send "None" or "NONE" for no negative prompt.
    private static func negativePrompt(_ text: String) -> String? {
        text.lowercased() == "none" ? nil : text
    }
}
