// SPDX-License-Identifier: Apache-2.0

/// A weight file that cannot be used, and which tensor in it is at fault.
package struct WeightError: Error, Equatable, CustomStringConvertible {
    /// What is wrong.
    package enum Reason: Equatable, Sendable {
        /// The file cannot be opened; the system's words.
        case unreadable(String)
        /// The file breaks its format's rules.
        case malformed(String)
        /// The model has this tensor and the files do not.
        case missing
        /// The tensor's shape is not the model's.
        case wrongShape(stored: [Int], expected: [Int])
        /// The tensor's element type cannot be computed with.
        case unsupportedType(String)
        /// The files have these tensors and the model does not.
        case unknown([String])
    }

    /// The file, or for a component kept in several files their directory.
    package let file: String
    /// The tensor's name; as the model knows it when it is looked up, as the file spells it when the file is opened.
    package let tensor: String?
    package let reason: Reason

    init(file: String, tensor: String? = nil, _ reason: Reason) {
        self.file = file
        self.tensor = tensor
        self.reason = reason
    }

    package var description: String {
        "\(file): " + (tensor.map { "tensor \($0): " } ?? "") + reason.description
    }
}

extension WeightError.Reason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreadable(let message), .malformed(let message): return message
        case .missing: return "not in the file, and the model needs it"
        case .wrongShape(let stored, let expected): return "shape \(stored) where the model has \(expected)"
        case .unsupportedType(let type): return "element type \(type) is not supported; F32, F16 and BF16 are"
        case .unknown(let names):
            let shown = names.prefix(5).joined(separator: ", ")
            let others = names.count > 5 ? " and \(names.count - 5) more" : ""
            return "\(names.count) tensors that this model does not have: \(shown)\(others)"
        }
    }
}
