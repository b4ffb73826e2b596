// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// Describes the HTTP interface: to programs as an OpenAPI document, to people as a page that shows it.
struct OpenAPIController {
    let configuration: APIConfiguration

    /// The page loads nothing from elsewhere and runs nothing that is not in its own files.
    private static let contentSecurityPolicy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "base-uri 'none'",
        "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
    ].joined(separator: "; ")

    func addRoutes(to router: Router<APIRequestContext>) {
        router.endpoint(
            "/openapi.json",
            [
                .get: { [document = OpenAPIDocument(configuration: configuration)] _, _ in
                    try Response(status: .ok, headers: [.cacheControl: "no-cache"], json: document.json)
                }
            ]
        )
        addFile("/docs", "text/html; charset=utf-8", PackageResources.docs_html, to: router)
        addFile("/docs.css", "text/css; charset=utf-8", PackageResources.docs_css, to: router)
        addFile("/docs.js", "text/javascript; charset=utf-8", PackageResources.docs_js, to: router)
    }

    private func addFile(
        _ path: RouterPath,
        _ contentType: String,
        _ bytes: [UInt8],
        to router: Router<APIRequestContext>
    ) {
        let response = Response(
            status: .ok,
            headers: [.contentSecurityPolicy: Self.contentSecurityPolicy, .cacheControl: "no-cache"],
            contentType: contentType,
            bytes: bytes
        )
        router.endpoint(path, [.get: { request, _ in request.withoutTrailingSlash ?? response }])
    }
}
