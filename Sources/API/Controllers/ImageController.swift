// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import ImageCodec
import Jobs

/// Serves finished pictures to whoever knows their names.
struct ImageController {
    let images: any ImageStore

    func addRoutes(to router: Router<APIRequestContext>) {
        router.endpoint(.get, "/v1/images/:file", handler: image)
    }

    /// The path of a stored picture.
    static func path(of id: ImageID, format: ImageFormat) -> String {
        "/v1/images/\(id).\(format.rawValue)"
    }

    @Sendable func image(request: Request, context: APIRequestContext) async throws -> Response {
        let parts = context.parameters.get("file")?.split(separator: ".", maxSplits: 1) ?? []
        guard parts.count == 2, let id = ImageID(String(parts[0])), let image = try await images.image(id),
            ImageFormat(pathExtension: String(parts[1])) == image.format
        else {
            throw APIError(.unknownRequest, "There is no picture at this address, or it has expired.")
        }
        return Response(
            status: .ok,
            headers: [.cacheControl: "private, max-age=\(images.lifetime.components.seconds), immutable"],
            contentType: image.format.mediaType,
            bytes: image.bytes
        )
    }
}
