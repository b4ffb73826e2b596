// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Brings one file of a model into a directory, going on where an attempt before it stopped.
struct FileDownload: Sendable {
    let file: HubFile
    let url: URL
    let directory: URL
    let transport: HubTransport
    let retry: RetryPolicy
    let progress: PullProgress

    /// An attempt that brought so many bytes was worth it, even if it failed.
    private static let worthwhileBytes = 1 << 20

    /// Throws ``HubError`` if the file could not be had.
    func run() async throws {
        var partial = try PartialFile.open(file, in: directory)
        let mayHoldOtherBytes = partial.count > 0
        try await complete(&partial)
        if !partial.isRight, mayHoldOtherBytes {
            // The beginning was there before: whatever is wrong with it, a new one may be right.
            try restart(&partial)
            try await complete(&partial)
        }
        guard partial.isRight else {
            partial.remove()
            throw HubError.wrongBytes(file: file.path.description)
        }
        try partial.moveIntoPlace(in: directory)
    }

    private func complete(_ partial: inout PartialFile) async throws {
        guard !partial.isWhole else { return }
        var furthest = partial.count
        try await retry.retrying(file.path.description, onEvent: progress.tell) {
            do {
                try await receive(&partial)
            } catch var failure as TransientFailure {
                failure.broughtMuch = partial.count - furthest >= Self.worthwhileBytes
                furthest = max(furthest, partial.count)
                throw failure
            }
        }
    }

    /// One request for what is not there yet.
    private func receive(_ partial: inout PartialFile) async throws {
        let start = partial.count
        let response = try await transport.get(url, range: start > 0 ? "bytes=\(start)-" : nil)
        if let failure = TransientFailure(response) { throw failure }
        switch response.status {
        case .ok where start > 0:
            // It begins at the beginning, whatever it was asked for.
            try restart(&partial)
        case .ok:
            break
        case .partialContent where start > 0 && Self.isRange(response.headers, from: start, of: file.size):
            break
        case .partialContent, .rangeNotSatisfiable:
            try restart(&partial)
            throw TransientFailure("the hub sends another part of the file than was asked for")
        default:
            throw HubError.status(subject: file.path.description, Int(response.status.code))
        }
        try await receive(response, into: &partial)
    }

    private func receive(_ response: HTTPClientResponse, into partial: inout PartialFile) async throws {
        if let length = response.headers.first(name: "content-length"), Int(length) != file.size - partial.count {
            partial.remove()
            throw HubError.wrongSize(
                file: file.path.description,
                announced: file.size,
                sent: Int(length).map { "\(partial.count + $0)" } ?? "another number"
            )
        }
        do {
            for try await part in response.body {
                guard part.readableBytes <= file.size - partial.count else {
                    partial.remove()
                    throw HubError.wrongSize(file: file.path.description, announced: file.size, sent: "more")
                }
                try partial.append(Array(part.readableBytesView))
                progress.add(part.readableBytes)
            }
        } catch let error as HubError {
            throw error
        } catch {
            throw try TransientFailure(of: error)
        }
        guard partial.isWhole else { throw TransientFailure("the connection ended before the file did") }
    }

    private func restart(_ partial: inout PartialFile) throws {
        progress.add(-partial.count)
        try partial.restart()
    }

    /// Whether an answer to a request for a part of a file is just that part: `Content-Range: bytes 5-9/10`.
    private static func isRange(_ headers: HTTPHeaders, from start: Int, of size: Int) -> Bool {
        headers.first(name: "content-range") == "bytes \(start)-\(size - 1)/\(size)"
    }
}
