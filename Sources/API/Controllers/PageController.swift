// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// Serves the page on which people try the service: three files that are part of the program.
struct PageController {
    /// The page loads nothing from elsewhere and runs nothing that is not in its own files.
    ///
    /// `blob:` is the picture it made.
    private static let contentSecurityPolicy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob:", "connect-src 'self'",
        "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
    ].joined(separator: "; ")

    func addRoutes(to router: Router<APIRequestContext>) {
        addFile("/", "text/html; charset=utf-8", PackageResources.page_html, to: router)
        addFile("/page.css", "text/css; charset=utf-8", PackageResources.page_css, to: router)
        addFile("/page.js", "text/javascript; charset=utf-8", PackageResources.page_js, to: router)
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
        router.endpoint(path, [.get: { _, _ in response }])
    }
}
