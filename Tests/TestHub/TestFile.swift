// SPDX-License-Identifier: Apache-2.0

import Crypto
package import Foundation
import Hummingbird
import NIOCore
import Synchronization

typealias HTTPField = HTTPFields.Element

/// What goes wrong with an answer.
package enum TestFault: Sendable {
    /// The connection is lost after so many bytes of the body, once `when` is over.
    case loseConnection(after: Int, when: @Sendable () async throws -> Void)
    /// So many bytes are sent, and the others once the gate is open.
    case hold(after: Int, TestGate)
    case status(Int, retryAfter: String? = nil, code: String? = nil)
    /// Something else is sent.
    case send([UInt8])
    /// Something else is sent, and not how long it is.
    case sendWithoutLength([UInt8])
    /// The whole file, whatever part was asked for.
    case ignoreRange
    /// A part of the file, but not the one that was asked for.
    case shiftRange
}

/// Lets a test decide when answers go on.
package final class TestGate: Sendable {
    private let isOpen = Atomic(false)

    package init() {}

    package func open() {
        isOpen.store(true, ordering: .relaxed)
    }

    fileprivate func pass() async throws {
        while !isOpen.load(ordering: .relaxed) { try await Task.sleep(for: .milliseconds(5)) }
    }
}

/// A file of a ``TestHub``.
package struct TestFile: Sendable {
    package var bytes: [UInt8]
    /// Whether it is announced by its SHA-256 and sent by the second server.
    package var isLarge = false
    /// What goes wrong, one request after the other; further ones go well.
    package var faults: [TestFault] = []
    /// The size that is announced, if not the true one.
    package var announcedSize: Int?

    package init(bytes: [UInt8], isLarge: Bool = false) {
        self.bytes = bytes
        self.isLarge = isLarge
    }

    /// The files in a directory and its folders.
    package static func files(in directory: URL) throws -> [String: TestFile] {
        var files: [String: TestFile] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: directory.path) {
            let file = directory.appending(path: path)
            guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { continue }
            files[path] = TestFile(bytes: Array(try Data(contentsOf: file)), isLarge: path.hasSuffix(".safetensors"))
        }
        return files
    }

    /// A model as hubs have them, with much in it that is of no use, and nonsense for contents.
    package static let model: [String: TestFile] = {
        var files: [String: TestFile] = [:]
        let texts = [
            "README.md", ".gitattributes", "model_index.json", "scheduler/scheduler_config.json",
            "tokenizer/vocab.json", "tokenizer/merges.txt", "tokenizer/tokenizer_config.json",
            "tokenizer/special_tokens_map.json", "text_encoder/config.json", "unet/config.json", "vae/config.json",
            "feature_extractor/preprocessor_config.json",
        ]
        for path in texts { files[path] = TestFile(bytes: Array("text of \(path)\n".utf8)) }
        let weights = [
            "text_encoder/model", "unet/diffusion_pytorch_model", "vae/diffusion_pytorch_model", "v2-1_768-ema-pruned",
        ]
        for (seed, stem) in weights.enumerated() {
            for suffix in [".safetensors", ".fp16.safetensors", ".bin", ".ckpt"] {
                files[stem + suffix] = TestFile(bytes: noise(300_000 + suffix.count, seed: seed), isLarge: true)
            }
        }
        return files
    }()

    /// Bytes without a pattern that would hide a mistake in their order.
    package static func noise(_ count: Int, seed: Int) -> [UInt8] {
        var state = UInt64(seed) &+ 0x9E37_79B9_7F4A_7C15
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        }
    }

    /// The file's line in a hub's list.
    func treeLine(path: String) -> String {
        let size = announcedSize ?? bytes.count
        var blob = Data("blob \(bytes.count)\0".utf8)
        blob.append(contentsOf: bytes)
        let oid = Insecure.SHA1.hash(data: blob).map { String(format: "%02x", $0) }.joined()
        guard isLarge else {
            return "{\"type\": \"file\", \"oid\": \"\(oid)\", \"size\": \(size), \"path\": \"\(path)\"}"
        }
        let digest = SHA256.hash(data: bytes).map { String(format: "%02x", $0) }.joined()
        let pointer = String(repeating: "a", count: 40)
        return """
            {"type": "file", "oid": "\(pointer)", "size": \(size), "path": "\(path)", \
            "lfs": {"oid": "\(digest)", "size": \(size), "pointerSize": 135}}
            """
    }

    /// The answer to a request for the file.
    func response(range: String?, _ fault: TestFault?) -> Response {
        var start = range.flatMap { Int($0.dropFirst("bytes=".count).dropLast()) } ?? 0
        switch fault {
        case .status(let status, let retryAfter, let code):
            var headers: HTTPFields = [:]
            headers[.retryAfter] = retryAfter
            if let name = HTTPField.Name("X-Error-Code") { headers[name] = code }
            return Response(status: .init(code: status), headers: headers)
        case .send(let bytes):
            return Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        case .sendWithoutLength(let bytes):
            return Response(
                status: .ok,
                body: ResponseBody { writer in
                    try await writer.write(ByteBuffer(bytes: bytes))
                    try await writer.finish(nil)
                }
            )
        case .ignoreRange:
            start = 0
        case .shiftRange:
            start = max(0, start - 1)
        case .loseConnection, .hold, nil:
            break
        }
        guard start < bytes.count || start == 0 else { return Response(status: .rangeNotSatisfiable) }
        let part = Array(bytes[start...])
        var response = Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(bytes: part)))
        if start > 0 {
            response.status = .partialContent
            response.headers[.contentRange] = "bytes \(start)-\(bytes.count - 1)/\(bytes.count)"
        }
        switch fault {
        case .loseConnection(let count, let when):
            response.body = ResponseBody(contentLength: part.count) { writer in
                try await writer.write(ByteBuffer(bytes: part.prefix(count)))
                try await when()
                throw ConnectionLost()
            }
        case .hold(let count, let gate):
            response.body = ResponseBody(contentLength: part.count) { writer in
                try await writer.write(ByteBuffer(bytes: part.prefix(count)))
                try await gate.pass()
                try await writer.write(ByteBuffer(bytes: part.dropFirst(count)))
                try await writer.finish(nil)
            }
        default:
            break
        }
        return response
    }

    private struct ConnectionLost: Error {}
}
