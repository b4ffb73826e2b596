// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import ImageCodec
import Jobs

extension GenerationController {
    /// The answer that carries the pictures.
    func response(
        with result: GenerationResult,
        delivery: Delivery,
        endpoint: GenerationEndpoint,
        requestID: String,
        totalTime: Duration
    ) async throws -> Response {
        guard let first = result.images.first else {
            throw GenerationError.invalidOutput(reason: "no picture was made.")
        }
        var headers: HTTPFields = [
            .cacheControl: "no-store",
            .generationTime: "\(totalTime.roundedSeconds)",
            .seedValue: "\(first.seed.value)",
            // Watching for the caller's going away uses up the connection: no request can follow on it.
            .connection: "close",
        ]
        if case .image = delivery {
            headers[.warnings] = WarningsHeader(result.warnings)?.value
            return Response(status: .ok, headers: headers, contentType: first.format.mediaType, bytes: first.bytes)
        }
        var contents: [GenerationResponse.Content] = []
        for image in result.images {
            contents.append(try await content(of: image, delivery))
        }
        let answer = GenerationResponse(
            requestID: requestID,
            model: endpoint.rawValue,
            seed: first.seed.value,
            image: contents[0].text,
            images: zip(result.images, contents).map { GenerationResponse.Image($0, content: $1) },
            warnings: result.warnings,
            metrics: .init(
                queueTime: result.timings.queue.roundedSeconds,
                inferenceTime: result.timings.inference.roundedSeconds,
                totalTime: totalTime.roundedSeconds
            )
        )
        return try Response(status: .ok, headers: headers, json: answer)
    }

    private func content(of image: GeneratedImage, _ delivery: Delivery) async throws -> GenerationResponse.Content {
        guard case .addresses(let base) = delivery else {
            return .base64(Data(image.bytes).base64EncodedString())
        }
        let id = try await images.store(StoredImage(bytes: image.bytes, format: image.format))
        return .url("\(base)\(ImageController.path(of: id, format: image.format))")
    }
}

extension Duration {
    /// The duration in seconds.
    var seconds: Double { self / .seconds(1) }

    /// The duration in seconds, to the millisecond.
    var roundedSeconds: Double { (seconds * 1_000).rounded() / 1_000 }
}
