// SPDX-License-Identifier: Apache-2.0

import GRDB

/// The tables, as they came to be: what was released is never changed, only added to.
///
/// They are strict and the constraints do the checking: a negative balance, a job charged twice or a picture without
/// a job cannot be written. Times are milliseconds, amounts millionths of a credit.
enum SQLiteSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: accounts, ledger, jobs") { db in
            try db.execute(sql: accounts + ledger + jobs)
        }
        migrator.registerMigration("2: slots of balances") { db in
            // Here all balances have one, other databases have several of those that every job changes.
            try db.execute(
                sql: "ALTER TABLE ledger_balance ADD COLUMN slot INTEGER NOT NULL DEFAULT 0 CHECK (slot = 0)"
            )
        }
        migrator.registerMigration("3: traces") { db in
            try db.execute(sql: traces)
        }
        migrator.registerMigration("4: repeated requests") { db in
            try db.execute(sql: repetitions)
        }
        return migrator
    }

    private static let accounts = """
        CREATE TABLE account (
            id TEXT NOT NULL PRIMARY KEY,
            created INTEGER NOT NULL,
            webhook_secret BLOB NOT NULL,
            -- When the account last got a worker, in turns of all accounts; 0 if never.
            turn INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE INDEX account_turn ON account (turn);

        CREATE TABLE api_key (
            id TEXT NOT NULL PRIMARY KEY,
            digest BLOB NOT NULL,
            account TEXT NOT NULL REFERENCES account (id),
            created INTEGER NOT NULL,
            -- KeySettings as JSON.
            settings TEXT NOT NULL,
            revoked INTEGER,
            -- A TokenBucket.
            bucket_parts INTEGER,
            bucket_updated INTEGER,
            -- What was spent in the period of this label.
            spent INTEGER NOT NULL DEFAULT 0,
            spent_label TEXT
        ) STRICT;
        CREATE INDEX api_key_account ON api_key (account);

        """

    private static let ledger = """
        CREATE TABLE ledger_transaction (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL CHECK (kind IN ('grant', 'reserve', 'settle', 'refund')),
            job TEXT CHECK ((job IS NULL) = (kind = 'grant')),
            time INTEGER NOT NULL
        ) STRICT;
        -- Each job reserves once, and ends that once.
        CREATE UNIQUE INDEX ledger_reserve ON ledger_transaction (job) WHERE kind = 'reserve';
        CREATE UNIQUE INDEX ledger_close ON ledger_transaction (job) WHERE kind IN ('settle', 'refund');

        CREATE TABLE ledger_entry (
            transaction_id INTEGER NOT NULL REFERENCES ledger_transaction (id),
            account TEXT NOT NULL,
            amount INTEGER NOT NULL,
            PRIMARY KEY (transaction_id, account)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE ledger_balance (
            account TEXT NOT NULL PRIMARY KEY,
            amount INTEGER NOT NULL CHECK (amount >= 0 OR account = 'grants')
        ) STRICT;
        INSERT INTO ledger_balance (account, amount) VALUES ('grants', 0), ('revenue', 0);

        """

    private static let jobs = """
        CREATE TABLE job (
            -- The order of submission.
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            account TEXT NOT NULL REFERENCES account (id),
            api_key TEXT REFERENCES api_key (id),
            -- The period of the key's spend limit that the price counts in.
            spent_label TEXT,
            endpoint TEXT NOT NULL,
            width INTEGER NOT NULL,
            height INTEGER NOT NULL,
            price INTEGER NOT NULL CHECK (price >= 0),
            state TEXT NOT NULL
                CHECK (state IN ('queued', 'leased', 'completed', 'failed', 'cancelled', 'expired')),
            lease_worker TEXT,
            lease_expires INTEGER CHECK ((lease_expires IS NULL) = (state <> 'leased')),
            lease_count INTEGER NOT NULL,
            failure_count INTEGER NOT NULL,
            retry_limit INTEGER NOT NULL,
            deadline INTEGER NOT NULL,
            submitted INTEGER NOT NULL,
            started INTEGER,
            -- The start of the newest try.
            lease_started INTEGER,
            ended INTEGER CHECK ((ended IS NULL) = (state IN ('queued', 'leased'))),
            -- When the record can no longer be read, and when the job is forgotten.
            record_expires INTEGER,
            forgotten INTEGER,
            is_record_deleted INTEGER NOT NULL DEFAULT 0,
            webhook TEXT,
            -- GenerationProgress, JobFailure and JobResult as JSON.
            progress TEXT,
            failure TEXT,
            result TEXT,
            attachment TEXT NOT NULL
        ) STRICT;
        CREATE INDEX job_account ON job (account, sequence);
        CREATE INDEX job_waiting ON job (account, sequence) WHERE state = 'queued';
        CREATE INDEX job_waiting_size ON job (width, height, account, sequence, submitted) WHERE state = 'queued';
        CREATE INDEX job_deadline ON job (deadline) WHERE state IN ('queued', 'leased');
        CREATE INDEX job_lease ON job (lease_expires) WHERE state = 'leased';
        CREATE INDEX job_completed ON job (ended) WHERE state = 'completed';
        CREATE INDEX job_state ON job (state);
        CREATE INDEX job_record_expires ON job (record_expires) WHERE is_record_deleted = 0;
        CREATE INDEX job_forgotten ON job (forgotten) WHERE forgotten IS NOT NULL;

        -- Beside the job, because it may hold a picture.
        CREATE TABLE job_request (
            job INTEGER PRIMARY KEY REFERENCES job (sequence) ON DELETE CASCADE,
            -- GenerationRequest as JSON.
            request BLOB NOT NULL
        ) STRICT;

        CREATE TABLE idempotency (
            account TEXT NOT NULL REFERENCES account (id),
            key TEXT NOT NULL,
            fingerprint BLOB NOT NULL,
            job INTEGER NOT NULL UNIQUE REFERENCES job (sequence) ON DELETE CASCADE,
            PRIMARY KEY (account, key)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE event (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            job INTEGER NOT NULL REFERENCES job (sequence) ON DELETE CASCADE,
            kind TEXT NOT NULL
                CHECK (kind IN ('queued', 'started', 'progress', 'completed', 'failed', 'cancelled', 'expired')),
            time INTEGER NOT NULL,
            -- GenerationProgress or JobFailure as JSON.
            detail TEXT,
            preview BLOB,
            preview_format TEXT
        ) STRICT;
        CREATE INDEX event_job ON event (job, id);

        CREATE TABLE image (
            id TEXT NOT NULL PRIMARY KEY,
            job INTEGER NOT NULL REFERENCES job (sequence) ON DELETE CASCADE,
            format TEXT NOT NULL,
            bytes BLOB NOT NULL
        ) STRICT;
        CREATE INDEX image_job ON image (job);

        CREATE TABLE webhook_delivery (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            job INTEGER NOT NULL REFERENCES job (sequence) ON DELETE CASCADE,
            url TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('due', 'delivered', 'abandoned')),
            due INTEGER NOT NULL,
            -- WebhookDelivery.Attempt as JSON, in an array.
            attempts TEXT NOT NULL
        ) STRICT;
        CREATE INDEX webhook_delivery_due ON webhook_delivery (due) WHERE state = 'due';
        CREATE INDEX webhook_delivery_job ON webhook_delivery (job);

        CREATE TABLE worker (
            id TEXT NOT NULL PRIMARY KEY,
            state TEXT NOT NULL,
            seen INTEGER NOT NULL
        ) STRICT;

        """

    private static let repetitions = """
        -- Whether the request was sent again: the job is then made to its end, even if nobody waits for it.
        ALTER TABLE job ADD COLUMN is_repeated INTEGER NOT NULL DEFAULT 0;

        """

    private static let traces = """
        -- The header fields of W3C Trace Context that the request came with.
        ALTER TABLE job ADD COLUMN traceparent TEXT;
        ALTER TABLE job ADD COLUMN tracestate TEXT;

        """
}
