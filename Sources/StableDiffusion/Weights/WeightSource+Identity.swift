// SPDX-License-Identifier: Apache-2.0

import Tensor

extension WeightSource {
    /// Lines that change when the weights do: each file's name, size and time of change, and a hash over the names, types,
    /// shapes and places of the tensors.
    ///
    /// The elements are not among it: to hash gigabytes would take longer than to pack them. So a file whose contents are
    /// changed while its size and its time of change, to the nanosecond, stay the same is taken for the file it was;
    /// `darkroom models pack --verify` compares the elements too. Where the file lies does not count either, so that
    /// packed weights can be shipped together with a model. The networks' configuration is not among it: what of it decides how
    /// weights are packed are shapes and layouts, which a packed file states itself.
    func identity(of component: String) -> String {
        var files: [String: MappedFile] = [:]
        var hash = FNV1a()
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            let file = tensor.file.name
            files[file] = tensor.file
            hash.combine("\(name) \(tensor.type) \(tensor.shape) \(tensor.range) \(file)\n")
        }
        let lines = files.sorted { $0.key < $1.key }.map { name, file in
            "\(component)/\(name) \(file.byteCount) bytes of \(file.modificationTime)\n"
        }
        return lines.joined() + "\(component) \(tensors.count) tensors \(hash.value)\n"
    }
}

extension MappedFile {
    /// The last part of the path, safe to be part of a line.
    fileprivate var name: String {
        path.split(separator: "/").last.map { $0.filter { !$0.isNewline } } ?? ""
    }
}
