// SPDX-License-Identifier: Apache-2.0

import ImageCodec

/// The checks of single values.
extension GenerationDraft {
    static func text(
        _ value: String?,
        _ field: ParameterName,
        _ limits: GenerationLimits
    ) throws(ValidationError) -> String {
        let text = value ?? ""
        // Code points, because one grapheme can hold any number of them.
        let length = text.unicodeScalars.count
        guard length <= limits.promptLength else {
            throw ValidationError(
                field,
                "must have at most \(limits.promptLength) characters",
                given: "\(length) characters"
            )
        }
        // No picture file can hold it in its text, and prompts are written into the pictures.
        guard !text.unicodeScalars.contains("\0") else {
            throw ValidationError(field, "must not contain the character U+0000")
        }
        return text
    }

    static func number<Value: Comparable & CustomStringConvertible>(
        _ value: Value,
        _ field: ParameterName,
        in range: ClosedRange<Value>
    ) throws(ValidationError) -> Value {
        // NaN is in no range.
        guard range.contains(value) else {
            throw ValidationError(
                field,
                "must be between \(range.lowerBound) and \(range.upperBound)",
                given: value
            )
        }
        return value
    }

    static func side(
        _ value: Int,
        _ field: ParameterName,
        _ limits: GenerationLimits
    ) throws(ValidationError) -> Int {
        guard limits.side.contains(value), value.isMultiple(of: limits.sideMultiple) else {
            throw ValidationError(
                field,
                "must be a multiple of \(limits.sideMultiple) between \(limits.side.lowerBound) and \(limits.side.upperBound)",
                given: value
            )
        }
        return value
    }

    static func scheduler(_ name: String?, default: Scheduler) throws(ValidationError) -> Scheduler {
        guard let name else { return `default` }
        guard let scheduler = Scheduler(name: name) else {
            let names = Scheduler.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError(.scheduler, "must be one of: \(names)", given: name)
        }
        return scheduler
    }

    static func seed(
        _ value: Int64?,
        using generator: inout some RandomNumberGenerator
    ) throws(ValidationError) -> Seed {
        guard let value, value != Seed.random else { return Seed(using: &generator) }
        guard let seed = Seed(value) else {
            throw ValidationError(.seed, "must be between -1 (random) and \(Int64.max)", given: value)
        }
        return seed
    }

    static func format(_ name: String?, default: ImageFormat) throws(ValidationError) -> ImageFormat {
        guard let name else { return `default` }
        guard let format = ImageFormat(pathExtension: name) else {
            let names = ImageFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError(.outputFormat, "must be one of: \(names)", given: name)
        }
        return format
    }
}
