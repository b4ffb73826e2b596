// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// What a hub says of a model: its commits and its files.
struct HubAPI: Sendable {
    let transport: HubTransport
    let retry: RetryPolicy
    let onEvent: @Sendable (PullEvent) -> Void

    /// No page of a list is near this size.
    private static let maxPageBytes = 8 << 20
    private static let maxPages = 100

    /// The commit that a revision, a branch for one, is now.
    func commit(of name: ModelName, revision: String) async throws -> CommitID {
        struct Answer: Decodable {
            var sha: String
        }
        let url = try transport.endpoint.revision(revision, of: name)
        let page = try await page(url, of: name, revision: revision)
        guard let answer = try? JSONDecoder().decode(Answer.self, from: page.body),
            let commit = CommitID(answer.sha)
        else { throw HubError.badAnswer(subject: "\(name)", problem: "there is no commit in it") }
        return commit
    }

    /// The files of a commit that have names Darkroom may read.
    func files(of name: ModelName, at commit: CommitID) async throws -> [HubFile] {
        var files: [HubFile] = []
        var cursor: String?
        for _ in 0..<Self.maxPages {
            let url = try transport.endpoint.tree(of: name, at: commit, cursor: cursor)
            let page = try await page(url, of: name, revision: "\(commit)")
            guard let entries = try? JSONDecoder().decode([TreeEntry].self, from: page.body) else {
                throw HubError.badAnswer(subject: "\(name)", problem: "its list of files is not one")
            }
            for entry in entries {
                if let file = try HubFile(entry) { files.append(file) }
            }
            guard let next = page.link.flatMap(Self.cursor) else { return files }
            cursor = next
        }
        throw HubError.badAnswer(subject: "\(name)", problem: "its list of files has no end")
    }

    /// Where the next page of a list begins, by a `Link` header; of the address in it nothing else is used.
    static func cursor(inLink header: String) -> String? {
        for link in header.split(separator: ",") where link.contains("rel=\"next\"") {
            guard let start = link.firstIndex(of: "<"), let end = link[start...].firstIndex(of: ">"),
                let query = link[start..<end].firstIndex(of: "?")
            else { continue }
            for item in link[link.index(after: query)..<end].split(separator: "&") where item.hasPrefix("cursor=") {
                let cursor = item.dropFirst("cursor=".count)
                let isSafe = cursor.utf8.allSatisfy {
                    $0.isPlainNameByte || $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "=")
                }
                return isSafe && (1...4_096).contains(cursor.utf8.count) ? String(cursor) : nil
            }
        }
        return nil
    }

    private struct Page {
        var body: Data
        var link: String?
    }

    private func page(_ url: URL, of name: ModelName, revision: String) async throws -> Page {
        try await retry.retrying("\(name)", onEvent: onEvent) {
            let response = try await transport.get(url)
            if let failure = TransientFailure(response) { throw failure }
            guard response.status == .ok else {
                throw HubError(
                    status: Int(response.status.code),
                    code: response.headers.first(name: "x-error-code"),
                    name,
                    revision: revision,
                    hasToken: transport.token != nil
                )
            }
            do {
                let body = try await response.body.collect(upTo: Self.maxPageBytes)
                return Page(body: Data(body.readableBytesView), link: response.headers.first(name: "link"))
            } catch is NIOTooManyBytesError {
                throw HubError.badAnswer(subject: "\(name)", problem: "it is longer than \(Self.maxPageBytes) bytes")
            } catch {
                throw try TransientFailure(of: error)
            }
        }
    }
}

extension HubError {
    /// What an answer without success means; hubs say it more exactly in `X-Error-Code`.
    init(status: Int, code: String?, _ name: ModelName, revision: String, hasToken: Bool) {
        switch (status, code) {
        case (_, "RevisionNotFound"): self = .noRevision(revision, of: name)
        case (_, "GatedRepo"), (403, _): self = .notAllowed(name)
        case (401, _), (404, _): self = .noModel(name, hasToken: hasToken)
        default: self = .status(subject: "\(name)", status)
        }
    }
}
