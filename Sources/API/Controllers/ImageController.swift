// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import ImageCodec
import Jobs

/// Serves finished pictures to whoever knows their names.
struct ImageController {
    let store: any JobStore
    let lifetime: Duration

    func addRoutes(to router: Router<APIRequestContext>) {
        router.endpoint("/v1/images/:file", [.get: image])
    }

    /// The path of a stored picture.
    static func path(of id: ImageID, format: ImageFormat) -> String {
        "/v1/images/\(id).\(format.rawValue)"
    }

    @Sendable private func image(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let parts = context.parameters.get("file")?.split(separator: ".", maxSplits: 1) ?? []
        guard parts.count == 2, let id = ImageID(String(parts[0])), let image = try await store.image(id),
            ImageFormat(pathExtension: String(parts[1])) == image.format
        else {
            throw APIError(.unknownRequest, "There is no picture at this address, or it has expired.")
        }
        // What a name stands for never changes.
        let tag = EntityTag(id)
        var headers: HTTPFields = [
            .cacheControl: "private, max-age=\(lifetime.components.seconds), immutable",
            .eTag: "\(tag)",
            .acceptRanges: "bytes",
        ]
        if tag.isKnown(to: request) {
            return Response(status: .notModified, headers: headers)
        }
        let range = request.method == .get && request.headers[.ifRange].map { $0 == tag.description } ?? true
        switch ByteRange(range ? request.headers[.range] : nil, size: image.bytes.count) {
        case .whole:
            return Response(status: .ok, headers: headers, contentType: image.format.mediaType, bytes: image.bytes)
        case .part(let part):
            headers[.contentRange] = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(image.bytes.count)"
            return Response(
                status: .partialContent,
                headers: headers,
                contentType: image.format.mediaType,
                bytes: Array(image.bytes[part])
            )
        case .unsatisfiable:
            var error = APIError(.rangeNotSatisfiable, "The picture has \(image.bytes.count) bytes.")
            error.headers[.contentRange] = "bytes */\(image.bytes.count)"
            throw error
        }
    }
}
