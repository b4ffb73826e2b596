// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import ImageCodec
import Jobs

/// How finished pictures go to their caller.
enum Delivery: Equatable {
    /// The bytes of the one picture, in a format that `Accept` named, if it did.
    case image(ImageFormat?)
    /// JSON with the pictures as base64 text.
    case base64
    /// JSON with the pictures' addresses.
    case addresses

    /// Chooses by what the body asks for, `Accept`, and the server's mode.
    ///
    /// - Throws: ``ValidationError`` when the picture would be of a format that `Accept` excludes.
    init(
        of body: GenerationBody,
        request: Request,
        configuration: APIConfiguration
    ) throws(ValidationError) {
        let single = (body.parameters.samples ?? configuration.defaults.samples) == 1
        let accept = AcceptHeader(request.headers[values: .accept].joined(separator: ","))
        switch accept.preferred {
        case .image(let format) where single:
            try Self.check(body, against: accept, default: format ?? configuration.defaults.outputFormat)
            self = .image(format)
        case _ where configuration.responseMode == .image && single && !body.base64:
            self = .image(nil)
        default:
            self = .json(of: body)
        }
    }

    /// What a body asks for that is answered with JSON whatever `Accept` says.
    static func json(of body: GenerationBody) -> Delivery {
        body.base64 ? .base64 : .addresses
    }

    private static func check(
        _ body: GenerationBody,
        against accept: AcceptHeader,
        default: ImageFormat
    ) throws(ValidationError) {
        let name = body.parameters.outputFormat ?? `default`.rawValue
        // A name that is not known is refused with the other wrong values.
        guard let format = ImageFormat(pathExtension: name), !accept.accepts(format) else { return }
        throw ValidationError(.outputFormat, "must be a format that the Accept header allows", given: name)
    }

    /// The parameters with the format that `Accept` names, unless they name one themselves.
    func applied(to parameters: GenerationParameters) -> GenerationParameters {
        guard case .image(let format?) = self, parameters.outputFormat == nil else { return parameters }
        var parameters = parameters
        parameters.outputFormat = format.rawValue
        return parameters
    }
}
