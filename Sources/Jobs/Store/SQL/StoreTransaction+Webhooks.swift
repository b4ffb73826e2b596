// SPDX-License-Identifier: Apache-2.0

/// The outbox of webhooks.
extension StoreTransaction {
    /// Queues the news of a job's end, if anyone asked for it.
    func queueWebhook(of row: JobRow) throws {
        guard let url = row.webhook else { return }
        try run(
            "INSERT INTO webhook_delivery (job, url, state, due, attempts) VALUES (?, ?, 'due', ?, '[]')",
            row.sequence,
            url,
            now
        )
    }

    func claimDeliveries(
        upTo limit: Int,
        ofEachAccount share: Int,
        except others: Set<AccountID>,
        hold: Duration
    ) throws -> [WebhookDelivery] {
        let exceptions = others.map { _ in " AND account <> ?" }.joined()
        var arguments: [any SQLStorable] = [now]
        for account in others { arguments.append(account) }
        arguments += [share, now, limit] as [any SQLStorable]
        let due = try deliveries(
            where: """
                delivery.id IN (
                    SELECT id FROM (
                        SELECT webhook_delivery.id, ROW_NUMBER() OVER (PARTITION BY account ORDER BY due) AS place
                        FROM webhook_delivery JOIN job ON job.sequence = webhook_delivery.job
                        WHERE webhook_delivery.state = 'due' AND due <= ?\(exceptions)
                    ) AS waiting WHERE place <= ?
                ) AND delivery.state = 'due' AND due <= ? ORDER BY due LIMIT ?
                """,
            lock: .skipping,
            arguments
        )
        for delivery in due {
            try run("UPDATE webhook_delivery SET due = ? WHERE id = ?", now.advanced(by: hold), delivery.id)
        }
        return due
    }

    func record(_ attempt: WebhookDelivery.Attempt, of id: WebhookDelivery.ID) throws {
        guard let delivery = try deliveries(where: "delivery.id = ?", lock: .waiting, [id]).first,
            case .due = delivery.state
        else { return }
        let attempts = delivery.attempts + [attempt]
        var state = "delivered"
        var due = attempt.time
        if !attempt.isDelivered {
            let wait = policy.webhookBackoff.dropFirst(delivery.attempts.count).first
            state = wait == nil ? "abandoned" : "due"
            due = attempt.time.advanced(by: wait ?? .zero)
        }
        try run(
            "UPDATE webhook_delivery SET state = ?, due = ?, attempts = ? WHERE id = ?",
            state,
            due,
            try StoredJSON.encode(attempts),
            id
        )
    }

    func subject(of delivery: WebhookDelivery) throws -> (job: Job, request: GenerationRequest?)? {
        guard let row = try jobRow(delivery.job) else { return nil }
        let request = try self.row("SELECT request FROM job_request WHERE job = ?", row.sequence)
        return (row.job, try request.map { try StoredRequest.decode($0["request"]) })
    }

    func deliveries(of job: JobID) throws -> [WebhookDelivery] {
        try deliveries(where: "job.id = ? ORDER BY delivery.id", [job])
    }

    private func deliveries(
        where condition: String,
        lock: SQLDialect.Lock? = nil,
        _ arguments: [any SQLStorable]
    ) throws -> [WebhookDelivery] {
        let sql = """
            SELECT delivery.*, job.id AS job_id, job.account
            FROM webhook_delivery AS delivery JOIN job ON job.sequence = delivery.job WHERE \(condition)
            \(lock.map { connection.dialect.clause($0, of: "delivery") } ?? "")
            """
        return try rows(of: SQLStatement(sql: sql, arguments: arguments.map(\.sqlValue))).map(WebhookDelivery.init)
    }
}

extension WebhookDelivery {
    fileprivate init(row: SQLRow) throws {
        let state: State =
            switch try row["state"] as String {
            case "due": .due(try row["due"])
            case "delivered": .delivered
            default: .abandoned
            }
        try self.init(
            id: row["id"],
            job: row["job_id"],
            account: row["account"],
            url: row["url"],
            state: state,
            attempts: try StoredJSON.decode([Attempt].self, row["attempts"])
        )
    }
}
