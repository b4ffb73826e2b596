// SPDX-License-Identifier: Apache-2.0

import Foundation
import ImageCodec

/// What happened to jobs.
extension StoreTransaction {
    /// How many progress events of a job are kept.
    private static let maxProgressEvents = 16

    /// Writes an event.
    func announce(_ kind: JobEvent.Kind, of row: JobRow) throws {
        var detail: String?
        var preview: StoredImage?
        let name: String
        switch kind {
        case .queued:
            name = "queued"
        case .started:
            name = "started"
        case .progress(let progress):
            name = "progress"
            detail = try StoredJSON.encode(progress.progress)
            preview = progress.preview
        case .ended(let end):
            name = end.name
            detail = try end.storedFailure
        }
        try run(
            "INSERT INTO event (job, kind, time, detail, preview, preview_format) VALUES (?, ?, ?, ?, ?, ?)",
            row.sequence,
            name,
            now,
            detail,
            preview?.bytes,
            preview?.format.rawValue
        )
        if case .progress = kind { try pruneProgress(of: row) }
        connection.willChange(.job(row.job.id))
        if case .queued = kind { connection.willChange(.work) }
    }

    /// The events of a job after `last`, and whether there may be more.
    func events(of id: JobID, after last: JobEvent.ID?) throws -> (events: [JobEvent], isEnded: Bool) {
        guard let row = try row("SELECT sequence, ended FROM job WHERE id = ?", id) else { return ([], true) }
        let events = try rows(
            "SELECT * FROM event WHERE job = ? AND id > ? ORDER BY id",
            try row["sequence"] as Int64,
            last ?? 0
        )
        return (try events.map(JobEvent.init), try row["ended"] as Timestamp? != nil)
    }

    private func pruneProgress(of row: JobRow) throws {
        try run(
            """
            DELETE FROM event WHERE job = ?1 AND kind = 'progress' AND id <= (
                SELECT id FROM event WHERE job = ?1 AND kind = 'progress' ORDER BY id DESC LIMIT 1 OFFSET ?2
            )
            """,
            row.sequence,
            Self.maxProgressEvents
        )
    }
}

extension JobEvent {
    fileprivate init(row: SQLRow) throws {
        let detail: String? = try row["detail"]
        let kind: Kind
        switch try row["kind"] as String {
        case "queued": kind = .queued
        case "started": kind = .started
        case "progress":
            var preview: StoredImage?
            if let bytes = try row["preview"] as [UInt8]?, let format = ImageFormat(rawValue: try row["preview_format"])
            {
                preview = StoredImage(bytes: bytes, format: format)
            }
            let progress = try StoredJSON.decode(GenerationProgress.self, detail ?? "")
            kind = .progress(JobProgress(progress, preview: preview))
        case let name:
            guard let end = try JobEnd(name: name, failure: detail) else {
                throw StoreError.damaged("an event has the kind '\(name)'")
            }
            kind = .ended(end)
        }
        try self.init(id: row["id"], kind: kind, time: row["time"])
    }
}
