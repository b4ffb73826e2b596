// SPDX-License-Identifier: Apache-2.0

import Foundation
import ImageCodec
import Jobs
import Testing

struct GenerationRequestTests {
    private let defaults = GenerationDefaults(width: 512, height: 768)

    private func request(
        limits: GenerationLimits = GenerationLimits(),
        _ change: (inout GenerationParameters) -> Void = { _ in }
    ) throws -> GenerationRequest {
        var parameters = GenerationParameters()
        change(&parameters)
        var generator = CountingGenerator()
        return try GenerationRequest(validating: parameters, limits: limits, defaults: defaults, using: &generator)
    }

    @Test func `nothing said gives the documented defaults`() throws {
        let request = try request()
        #expect(request.prompt == "")
        #expect(request.negativePrompt == "")
        #expect(request.samples == 1)
        #expect(request.scheduler == .ddim)
        #expect(request.steps == 25)
        #expect(request.guidanceScale == 7.5)
        #expect(request.width == 512)
        #expect(request.height == 768)
        #expect(request.start == .noise)
        #expect(request.outputFormat == .jpeg)
        #expect(request.quality == 95)
    }

    @Test(arguments: [
        (512, 256...1024, 150, 512, 25), (768, 64...640, 20, 640, 20), (512, 600...1001, 25, 600, 25),
        (1024, 256...1001, 1, 1000, 1), (512, 601...1024, 24, 608, 24),
    ])
    func `whatever the limits, a request that says nothing is legal`(
        native: Int,
        side: ClosedRange<Int>,
        maxSteps: Int,
        width: Int,
        steps: Int
    ) throws {
        var limits = GenerationLimits()
        limits.side = side
        limits.steps = 1...maxSteps
        let defaults = GenerationDefaults(width: native, height: native).within(limits)
        let request = try GenerationRequest(validating: GenerationParameters(), limits: limits, defaults: defaults)
        #expect((request.width, request.height, request.steps) == (width, width, steps))
    }

    struct Refusal: CustomTestStringConvertible {
        var field: ParameterName
        var message: String
        var change: @Sendable (inout GenerationParameters) -> Void

        var testDescription: String { message }

        init(
            _ field: ParameterName,
            _ message: String,
            _ change: @escaping @Sendable (inout GenerationParameters) -> Void
        ) {
            self.field = field
            self.message = message
            self.change = change
        }
    }

    @Test(arguments: [
        Refusal(.prompt, "prompt must have at most 4000 characters. Given: 4001 characters") {
            $0.prompt = String(repeating: "a", count: 4_001)
        },
        Refusal(.prompt, "prompt must not contain the character U+0000.") { $0.prompt = "a\0b" },
        Refusal(.negativePrompt, "negative_prompt must have at most 4000 characters. Given: 4001 characters") {
            $0.negativePrompt = String(repeating: "a", count: 4_001)
        },
        Refusal(.samples, "samples must be between 1 and 10. Given: 0") { $0.samples = 0 },
        Refusal(.samples, "samples must be between 1 and 10. Given: 11") { $0.samples = 11 },
        Refusal(.steps, "num_inference_steps must be between 1 and 150. Given: 0") { $0.steps = 0 },
        Refusal(.steps, "num_inference_steps must be between 1 and 150. Given: 151") { $0.steps = 151 },
        Refusal(.guidanceScale, "guidance_scale must be between 0.0 and 30.0. Given: -0.5") { $0.guidanceScale = -0.5 },
        Refusal(.guidanceScale, "guidance_scale must be between 0.0 and 30.0. Given: 30.1") { $0.guidanceScale = 30.1 },
        Refusal(.guidanceScale, "guidance_scale must be between 0.0 and 30.0. Given: nan") { $0.guidanceScale = .nan },
        Refusal(.strength, "strength must be between 0.0 and 1.0. Given: 1.5") { $0.strength = 1.5 },
        Refusal(.seed, "seed must be between -1 (random) and 9223372036854775807. Given: -2") { $0.seed = -2 },
        Refusal(.width, "img_width must be a multiple of 8 between 256 and 1024. Given: 248") { $0.width = 248 },
        Refusal(.width, "img_width must be a multiple of 8 between 256 and 1024. Given: 513") { $0.width = 513 },
        Refusal(.height, "img_height must be a multiple of 8 between 256 and 1024. Given: 1032") { $0.height = 1_032 },
        Refusal(.outputFormat, "output_format must be one of: jpeg, png, webp. Given: gif") { $0.outputFormat = "gif" },
        Refusal(.quality, "quality must be between 1 and 100. Given: 0") { $0.quality = 0 },
        Refusal(.quality, "quality must be between 1 and 100. Given: 101") { $0.quality = 101 },
    ])
    func `a value outside its limits is refused by name`(refusal: Refusal) throws {
        let error = try #require(throws: ValidationError.self) { try request(refusal.change) }
        #expect(error.field == refusal.field)
        #expect(error.description == refusal.message)
    }

    @Test func `an unknown scheduler is refused with the list`() throws {
        let error = try #require(throws: ValidationError.self) { try request { $0.scheduler = "Foo" } }
        #expect(error.field == .scheduler)
        #expect(Scheduler.allCases.allSatisfy { error.limit.contains($0.rawValue) })
        #expect(error.given == "Foo")
    }

    @Test func `the ends of every range are legal`() throws {
        let low = try request {
            ($0.samples, $0.steps, $0.guidanceScale, $0.strength, $0.seed) = (1, 1, 0, 0, 0)
            ($0.width, $0.height, $0.quality) = (256, 256, 1)
        }
        #expect(low.seed.value == 0)
        let high = try request {
            ($0.samples, $0.steps, $0.guidanceScale, $0.strength, $0.seed) = (10, 150, 30, 1, .max)
            ($0.width, $0.height, $0.quality) = (1_024, 1_024, 100)
            $0.prompt = String(repeating: "é", count: 4_000)
        }
        #expect(high.seed.value == .max)
    }

    @Test func `operators can change the limits`() throws {
        var limits = GenerationLimits()
        limits.side = 64...2_048
        limits.sideMultiple = 32
        limits.samples = 1...2
        #expect(try request(limits: limits) { $0.width = 2_048 }.width == 2_048)
        #expect(throws: ValidationError.self) { try request(limits: limits) { $0.width = 520 } }
        #expect(throws: ValidationError.self) { try request(limits: limits) { $0.samples = 3 } }
    }

    @Test(arguments: [nil, -1] as [Int64?])
    func `a seed not chosen is drawn from 32 bits`(seed: Int64?) throws {
        let drawn = try request { $0.seed = seed }.seed
        #expect((0...Int64(UInt32.max)).contains(drawn.value))
        var other = CountingGenerator(next: .max / 3)
        var parameters = GenerationParameters()
        parameters.seed = seed
        let again = try GenerationRequest(
            validating: parameters,
            limits: GenerationLimits(),
            defaults: defaults,
            using: &other
        )
        #expect(again.seed != drawn)
    }

    @Test func `the seed of picture k is the sum, and wraps to zero`() throws {
        let seed = try #require(Seed(17_123_564_234))
        #expect(seed.advanced(by: 0) == seed)
        #expect(seed.advanced(by: 3).value == 17_123_564_237)
        let last = try #require(Seed(.max))
        #expect(last.advanced(by: 1).value == 0)
        #expect(last.advanced(by: 9).value == 8)
    }

    @Test func `a reference picture starts the request with its strength`() throws {
        let pixels = try RGBImage(width: 2, height: 2, pixels: [UInt8](repeating: 90, count: 12))
        let image = try ReferenceImage(validating: ImageEncoder(format: .png).encode(pixels), limits: DecodingLimits())
        #expect(try request { ($0.image, $0.strength) = (image, 0.6) }.start == .image(image, strength: 0.6))
        #expect(throws: ImageCodecError.self) {
            try ReferenceImage(validating: Array(image.bytes.dropLast(20)), limits: DecodingLimits())
        }
        #expect(throws: ImageCodecError.tooManyPixels(width: 2, height: 2, limit: 3)) {
            try ReferenceImage(validating: image.bytes, limits: DecodingLimits(maxPixels: 3))
        }
    }

    @Test func `a draft knows whether a picture will follow`() throws {
        var parameters = GenerationParameters()
        (parameters.strength, parameters.steps) = (0.01, 10)
        let limits = GenerationLimits()
        let error = #expect(throws: ValidationError.self) {
            try GenerationDraft(validating: parameters, startsFromImage: true, limits: limits, defaults: defaults)
        }
        #expect(error?.field == .strength)
        let draft = try GenerationDraft(
            validating: parameters,
            startsFromImage: false,
            limits: limits,
            defaults: defaults
        )
        #expect(draft.request(startingFrom: nil).start == .noise)
    }

    @Test func `a request is the same after being written and read`() throws {
        let pixels = try RGBImage(width: 2, height: 2, pixels: [UInt8](repeating: 90, count: 12))
        let image = try ReferenceImage(validating: ImageEncoder(format: .png).encode(pixels), limits: DecodingLimits())
        let request = try request { ($0.prompt, $0.seed, $0.image) = ("calico cat", .max, image) }
        let json = try JSONEncoder().encode(request)
        #expect(try JSONDecoder().decode(GenerationRequest.self, from: json) == request)
    }

    @Test func `a long value is repeated in part only`() {
        let error = ValidationError(.scheduler, "must be known", given: String(repeating: "x", count: 5_000))
        #expect(error.description.count < 200)
    }
}

/// Random numbers that are the same in every run.
struct CountingGenerator: RandomNumberGenerator {
    var state: UInt64

    init(next: UInt64 = 0x0123_4567_89AB_CDEF) { state = next }

    mutating func next() -> UInt64 {
        defer { state &+= 0x9E37_79B9_7F4A_7C15 }
        return state
    }
}
