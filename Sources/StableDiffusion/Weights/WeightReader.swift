// SPDX-License-Identifier: Apache-2.0

import Synchronization
package import Tensor

/// Reads a component's tensors one by one and holds the file and the model against each other.
///
/// A layer asks for its tensors by name within its scope, with the shape it computes with; what is missing or has
/// another shape is refused there. After the last layer, `finish()` refuses tensors that nothing asked for: weights of
/// another architecture would otherwise load and draw noise.
package struct WeightReader: Sendable {
    private let source: WeightSource
    private let prefix: String
    private let used: Used

    /// The names that were asked for, shared by all scopes.
    private final class Used: Sendable {
        let names = Mutex<Set<String>>([])
    }

    /// What the scope is called, from the component on: `unet.down_blocks.0.resnets.1`.
    let path: String

    /// - Parameter name: the component's, for ``path``.
    package init(_ source: WeightSource, name: String = "") {
        self.init(source, path: name, prefix: "", used: Used())
    }

    private init(_ source: WeightSource, path: String, prefix: String, used: Used) {
        self.source = source
        self.path = path
        self.prefix = prefix
        self.used = used
    }

    /// Lines that change when the weights do.
    var identity: String { source.identity(of: path) }

    /// The tensors below `name`, for example `down_blocks.0.resnets.1`.
    package func scope(_ name: String) -> WeightReader {
        WeightReader(source, path: "\(path).\(name)", prefix: "\(prefix)\(name).", used: used)
    }

    /// The tensor called `name` in this scope.
    ///
    /// Throws if it is not there, has another shape, or has elements of a type that cannot be computed with.
    package func tensor(_ name: String, shape: Shape) throws(WeightError) -> WeightView {
        let fullName = prefix + name
        guard let stored = source.tensors[fullName] else {
            throw WeightError(file: source.path, tensor: fullName, .missing)
        }
        guard stored.shape == shape.extents else {
            throw WeightError(
                file: stored.file.path,
                tensor: fullName,
                .wrongShape(stored: stored.shape, expected: shape.extents)
            )
        }
        used.names.withLock { _ = $0.insert(fullName) }
        return try stored.view(as: fullName)
    }

    /// Throws if the source has tensors that were not read, in any scope.
    package func finish() throws(WeightError) {
        let unknown = used.names.withLock { used in source.tensors.keys.filter { !used.contains($0) } }
        guard unknown.isEmpty else { throw WeightError(file: source.path, .unknown(unknown.sorted())) }
    }
}
