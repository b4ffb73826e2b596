// SPDX-License-Identifier: Apache-2.0

import API
import Foundation
import Jobs

/// What is printed when the server starts: a request to paste, on the first start with a key to send it with.
struct Welcome {
    var configuration: APIConfiguration
    var startingCredits: Credits
    /// Whether a key is made also where there are some.
    var alwaysMakesKey: Bool

    /// How long a key lasts that is not the first.
    private static let keyLifetime = Duration.seconds(86_400)

    /// The text; makes the key, if there is to be one.
    func text(_ store: any AccountStore) async throws -> String {
        guard configuration.auth == .keys else { return request(keyHeader: "") }
        guard let secret = try await newKey(store) else {
            // A key cannot be shown again.
            return request(keyHeader: " --header \"x-api-key: $DARKROOM_KEY\"")
                + "\nNo key at hand? `darkroom keys create` makes one, with `--database` where this server's is another.\n"
        }
        return """
            Your API key, shown this once:

            \(secret.text)

            \(request(keyHeader: " --header 'x-api-key: \(secret.text)'"))
            """
    }

    private func newKey(_ store: any AccountStore) async throws -> KeySecret? {
        if let secret = try await store.createFirstKey(granting: startingCredits) { return secret }
        guard alwaysMakesKey else { return nil }
        var settings = KeySettings()
        settings.expires = Timestamp.now.advanced(by: Self.keyLifetime)
        return try await store.createKey(for: .default, settings).secret
    }

    private func request(keyHeader: String) -> String {
        let (host, port) = (configuration.host, configuration.port)
        let reachable = ["0.0.0.0": "127.0.0.1", "::": "::1"][host] ?? host
        let address = reachable.contains(":") ? "[\(reachable)]" : reachable
        let (width, height) = (configuration.defaults.width, configuration.defaults.height)
        return """
            Darkroom serves http://\(address):\(port) — open it, or paste:

            curl http://\(address):\(port)/v1/sd2.1-txt2img\(keyHeader) \\
              --header 'Content-Type: application/json' --header 'Accept: image/png' --output picture.png \\
              --data '{"prompt": "calico cat wearing a cosmonaut suit, 3d render, pixar style, 8k, high resolution",
                       "scheduler": "DDIM", "num_inference_steps": 25, "guidance_scale": 7.5, "seed": 17123564234,
                       "img_width": \(width), "img_height": \(height)}'

            """
    }
}
