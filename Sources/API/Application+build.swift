// SPDX-License-Identifier: Apache-2.0

package import Hummingbird
import HummingbirdCore
package import Jobs
package import Logging
import NIOCore

/// The HTTP service around `generator`, ready to run.
///
/// - Parameters:
///   - configuration: How the service answers.
///   - generator: Makes the pictures.
///   - images: Keeps them for those who are sent an address.
///   - logger: Gets one line a request: route, status and time, never a prompt.
///   - onServerRunning: Called once the port is open.
package func buildApplication(
    configuration: APIConfiguration,
    generator: any ImageGenerator,
    images: any ImageStore = MemoryImageStore(),
    logger: Logger = Logger(label: "darkroom.api"),
    onServerRunning: @escaping @Sendable () async -> Void = {}
) -> some ApplicationProtocol {
    Application(
        router: buildRouter(configuration: configuration, generator: generator, images: images),
        server: .http1(configuration: HTTP1Channel.Configuration(idleTimeout: TimeAmount(configuration.idleTimeout))),
        configuration: ApplicationConfiguration(
            address: .hostname(configuration.host, port: configuration.port),
            serverName: "darkroom"
        ),
        onServerRunning: { _ in await onServerRunning() },
        logger: logger
    )
}

/// The routes of the HTTP service and what surrounds them.
package func buildRouter(
    configuration: APIConfiguration,
    generator: any ImageGenerator,
    images: any ImageStore
) -> Router<APIRequestContext> {
    let router = Router(context: APIRequestContext.self, options: .autoGenerateHeadEndpoints)
    // The outermost first: every answer gets an id and a log line, errors included.
    router.addMiddleware {
        RequestIDMiddleware()
        RequestLogMiddleware()
        ErrorMiddleware()
        CrossSiteMiddleware(publicBaseURL: configuration.publicBaseURL)
    }
    PageController().addRoutes(to: router)
    HealthController(generator: generator).addRoutes(to: router)
    ImageController(images: images).addRoutes(to: router)
    GenerationController(configuration: configuration, generator: generator, images: images).addRoutes(to: router)
    return router
}
