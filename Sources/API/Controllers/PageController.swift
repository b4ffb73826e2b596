// SPDX-License-Identifier: Apache-2.0

import Crypto
import Foundation
import Hummingbird

/// Serves the pages for people: the playground, and the one for operators.
struct PageController {
    /// The pages load nothing from elsewhere and run nothing that is not in their own files.
    ///
    /// `blob:` is a picture that was made, or that was chosen as the reference.
    private static let contentSecurityPolicy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob:", "connect-src 'self'",
        "form-action 'none'", "base-uri 'none'", "frame-ancestors 'none'",
    ].joined(separator: "; ")

    func addRoutes(to router: Router<APIRequestContext>) {
        for file in PageFile.all {
            // Browsers ask each time whether a file has changed, so that a page never has files of two versions.
            let tag = EntityTag(Data(SHA256.hash(data: file.bytes)).base64EncodedString())
            let headers: HTTPFields = [
                .contentSecurityPolicy: Self.contentSecurityPolicy, .cacheControl: "no-cache", .eTag: "\(tag)",
            ]
            router.endpoint(
                RouterPath(file.path),
                [
                    .get: { request, _ in
                        if let elsewhere = request.withoutTrailingSlash { return elsewhere }
                        return tag.isKnown(to: request)
                            ? Response(status: .notModified, headers: headers)
                            : Response(status: .ok, headers: headers, contentType: file.mediaType, bytes: file.bytes)
                    }
                ]
            )
        }
    }
}

extension Request {
    /// The answer to a page's address with a slash at its end, from which the page's own relative links would lead nowhere.
    var withoutTrailingSlash: Response? {
        guard uri.path.hasSuffix("/"), let name = uri.path.split(separator: "/").last else { return nil }
        return Response(status: .permanentRedirect, headers: [.location: "../\(name)"])
    }
}
