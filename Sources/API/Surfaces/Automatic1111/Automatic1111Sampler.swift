// SPDX-License-Identifier: Apache-2.0

import Jobs

/// The samplers by the names that AUTOMATIC1111's web UI has for them: a sampler and a spacing of its steps.
struct Automatic1111Sampler: Encodable {
    let name: String
    let aliases: [String]
    let options: [String: String]

    /// All of them.
    static let all = Scheduler.allCases.map(Automatic1111Sampler.init)

    private init(_ scheduler: Scheduler) {
        name = scheduler.automatic1111Name
        aliases = name == scheduler.rawValue ? [] : [scheduler.rawValue]
        options = scheduler.hasKarrasSpacing ? ["scheduler": "karras"] : [:]
    }
}

extension Scheduler {
    /// The sampler that a name and a spacing mean.
    ///
    /// - Throws: ``APIError`` for a name that is not known and a spacing that the sampler does not have here.
    init(automatic1111 name: String, spacing: String?) throws(APIError) {
        let all = Scheduler.allCases
        guard
            let scheduler = all.first(where: { $0.automatic1111Name.lowercased() == name.lowercased() })
                ?? Scheduler(name: name)
        else {
            let names = all.map(\.automatic1111Name).joined(separator: ", ")
            throw APIError(wrong: "sampler_name", "must be one of: \(names)", given: "\(name.prefix(100))")
        }
        let spacings = scheduler.hasKarrasSpacing ? ["automatic", "karras"] : ["automatic"]
        guard spacings.contains(spacing?.lowercased() ?? "automatic") else {
            throw APIError(
                wrong: "scheduler",
                "must be \(spacings.joined(separator: " or ")) with \(scheduler.automatic1111Name)",
                given: spacing.map { "\($0.prefix(100))" }
            )
        }
        self = scheduler
    }

    var automatic1111Name: String {
        switch self {
        case .dpmMulti: "DPM++ 2M"
        case .dpm2Karras: "DPM2"
        case .dpm2AncestralKarras: "DPM2 a"
        case .pndm: "PLMS"
        case .ddim, .dpmSingle, .eulerAncestral, .euler, .heun, .lms, .ddpm, .uniPC: rawValue
        }
    }

    fileprivate var hasKarrasSpacing: Bool { self == .dpm2Karras || self == .dpm2AncestralKarras }
}
