// SPDX-License-Identifier: Apache-2.0

/// The tables, as they came to be: what was released is never changed, only added to.
///
/// They are those of ``SQLiteSchema``, and the constraints do the same checking. Names are compared byte by byte, so that
/// accounts have the same order in every database.
enum PostgresSchema {
    /// A step from one version of the tables to the next.
    struct Migration {
        var version: Int
        /// The oldest version whose programs can go on working while the tables are already this version.
        var oldestReader: Int
        var sql: String
    }

    static let migrations = [
        Migration(version: 1, oldestReader: 1, sql: accounts + ledger + jobs),
        Migration(version: 2, oldestReader: 1, sql: repetitions),
    ]

    /// Brings the tables up to date: once, however many programs begin at the same time.
    ///
    /// - Parameter createsTables: Whether tables are made where there are none.
    static func migrate(_ connection: PostgresConnection, createsTables: Bool) throws {
        try connection.execute("BEGIN; SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0")
        do {
            // Any number of its own: "darkroom" in ASCII.
            try connection.execute("SELECT pg_advisory_xact_lock(7233191018870370157)")
            let isNew = try connection.execute("SELECT to_regclass('schema_migration') IS NULL") == ["t"]
            guard !isNew || createsTables else {
                throw StoreError.unreachable("there are no tables of Darkroom in it")
            }
            if isNew {
                try connection.execute(
                    "CREATE TABLE schema_migration (version BIGINT PRIMARY KEY, oldest_reader BIGINT NOT NULL)"
                )
            }
            let stored = try connection.rows([SQLStatement("SELECT version, oldest_reader FROM schema_migration")])[0]
            let newest = migrations.last?.version ?? 0
            let applied: [Int] = try stored.map { try $0["version"] }
            for row in stored where try row["version"] > newest {
                guard try row["oldest_reader"] <= newest else { throw StoreError.newerVersion }
            }
            for migration in migrations where !applied.contains(migration.version) {
                try connection.execute(migration.sql)
                try connection.execute(
                    "INSERT INTO schema_migration VALUES (\(migration.version), \(migration.oldestReader))"
                )
            }
            try connection.execute("COMMIT")
        } catch {
            try? connection.rollBack()
            throw error
        }
    }

    private static let repetitions = """
        -- Whether the request was sent again: the job is then made to its end, even if nobody waits for it.
        ALTER TABLE job ADD COLUMN is_repeated BIGINT NOT NULL DEFAULT 0;

        """

    private static let accounts = """
        CREATE TABLE account (
            id TEXT COLLATE "C" PRIMARY KEY,
            created BIGINT NOT NULL,
            webhook_secret BYTEA NOT NULL,
            -- When the account last got a worker, in turns of all accounts; 0 if never.
            turn BIGINT NOT NULL DEFAULT 0
        ) WITH (fillfactor = 70);
        CREATE SEQUENCE account_turn;

        CREATE TABLE api_key (
            id TEXT COLLATE "C" PRIMARY KEY,
            digest BYTEA NOT NULL,
            account TEXT COLLATE "C" NOT NULL REFERENCES account (id),
            created BIGINT NOT NULL,
            -- KeySettings as JSON.
            settings TEXT NOT NULL,
            revoked BIGINT,
            -- A TokenBucket.
            bucket_parts BIGINT,
            bucket_updated BIGINT,
            -- What was spent in the period of this label.
            spent BIGINT NOT NULL DEFAULT 0,
            spent_label TEXT
        ) WITH (fillfactor = 70);
        CREATE INDEX api_key_account ON api_key (account);

        """

    private static let ledger = """
        CREATE TABLE ledger_transaction (
            id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('grant', 'reserve', 'settle', 'refund')),
            job TEXT COLLATE "C" CHECK ((job IS NULL) = (kind = 'grant')),
            time BIGINT NOT NULL
        );
        -- Each job reserves once, and ends that once.
        CREATE UNIQUE INDEX ledger_reserve ON ledger_transaction (job) WHERE kind = 'reserve';
        CREATE UNIQUE INDEX ledger_close ON ledger_transaction (job) WHERE kind IN ('settle', 'refund');

        CREATE TABLE ledger_entry (
            transaction_id BIGINT NOT NULL REFERENCES ledger_transaction (id),
            account TEXT COLLATE "C" NOT NULL,
            amount BIGINT NOT NULL,
            PRIMARY KEY (transaction_id, account)
        );

        CREATE TABLE ledger_balance (
            account TEXT COLLATE "C" NOT NULL,
            -- A balance that every job changes is the sum of several rows: jobs do not wait for one another's commits.
            slot BIGINT NOT NULL DEFAULT 0,
            amount BIGINT NOT NULL CHECK (amount >= 0 OR account = 'grants'),
            PRIMARY KEY (account, slot)
        ) WITH (fillfactor = 50);
        INSERT INTO ledger_balance (account, slot, amount)
            SELECT account, slot, 0 FROM (VALUES ('grants'), ('revenue')) AS shared (account), generate_series(0, 15) AS slot;

        """

    private static let jobs = """
        CREATE TABLE job (
            -- The order of submission.
            sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            id TEXT COLLATE "C" NOT NULL UNIQUE,
            account TEXT COLLATE "C" NOT NULL REFERENCES account (id),
            api_key TEXT COLLATE "C" REFERENCES api_key (id),
            -- The period of the key's spend limit that the price counts in.
            spent_label TEXT,
            endpoint TEXT NOT NULL,
            width BIGINT NOT NULL,
            height BIGINT NOT NULL,
            price BIGINT NOT NULL CHECK (price >= 0),
            state TEXT NOT NULL
                CHECK (state IN ('queued', 'leased', 'completed', 'failed', 'cancelled', 'expired')),
            lease_worker TEXT,
            lease_expires BIGINT CHECK ((lease_expires IS NULL) = (state <> 'leased')),
            lease_count BIGINT NOT NULL,
            failure_count BIGINT NOT NULL,
            retry_limit BIGINT NOT NULL,
            deadline BIGINT NOT NULL,
            submitted BIGINT NOT NULL,
            started BIGINT,
            -- The start of the newest try.
            lease_started BIGINT,
            ended BIGINT CHECK ((ended IS NULL) = (state IN ('queued', 'leased'))),
            -- When the record can no longer be read, and when the job is forgotten.
            record_expires BIGINT,
            forgotten BIGINT,
            is_record_deleted BIGINT NOT NULL DEFAULT 0,
            webhook TEXT,
            -- GenerationProgress, JobFailure and JobResult as JSON.
            progress TEXT,
            failure TEXT,
            result TEXT,
            attachment TEXT NOT NULL,
            -- The header fields of W3C Trace Context that the request came with.
            traceparent TEXT,
            tracestate TEXT
        ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
        CREATE INDEX job_account ON job (account, sequence);
        CREATE INDEX job_waiting ON job (account, sequence) WHERE state = 'queued';
        CREATE INDEX job_waiting_size ON job (width, height, account, sequence) WHERE state = 'queued';
        CREATE INDEX job_deadline ON job (deadline) WHERE state IN ('queued', 'leased');
        CREATE INDEX job_lease ON job (lease_expires) WHERE state = 'leased';
        CREATE INDEX job_completed ON job (ended) WHERE state = 'completed';
        CREATE INDEX job_failed ON job (sequence) WHERE state IN ('failed', 'expired');
        CREATE INDEX job_record_expires ON job (record_expires) WHERE is_record_deleted = 0;
        CREATE INDEX job_forgotten ON job (forgotten) WHERE forgotten IS NOT NULL;

        -- Beside the job, because it may hold a picture.
        CREATE TABLE job_request (
            job BIGINT PRIMARY KEY REFERENCES job (sequence) ON DELETE CASCADE,
            -- GenerationRequest as JSON.
            request BYTEA NOT NULL
        );

        CREATE TABLE idempotency (
            account TEXT COLLATE "C" NOT NULL REFERENCES account (id),
            key TEXT COLLATE "C" NOT NULL,
            fingerprint BYTEA NOT NULL,
            job BIGINT NOT NULL UNIQUE REFERENCES job (sequence) ON DELETE CASCADE,
            PRIMARY KEY (account, key)
        );

        CREATE TABLE event (
            id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            job BIGINT NOT NULL REFERENCES job (sequence) ON DELETE CASCADE,
            kind TEXT NOT NULL
                CHECK (kind IN ('queued', 'started', 'progress', 'completed', 'failed', 'cancelled', 'expired')),
            time BIGINT NOT NULL,
            -- GenerationProgress or JobFailure as JSON.
            detail TEXT,
            preview BYTEA,
            preview_format TEXT
        );
        CREATE INDEX event_job ON event (job, id);

        CREATE TABLE image (
            id TEXT COLLATE "C" PRIMARY KEY,
            job BIGINT NOT NULL REFERENCES job (sequence) ON DELETE CASCADE,
            format TEXT NOT NULL,
            bytes BYTEA NOT NULL
        );
        -- Pictures are compressed already.
        ALTER TABLE image ALTER COLUMN bytes SET STORAGE EXTERNAL;
        CREATE INDEX image_job ON image (job);

        CREATE TABLE webhook_delivery (
            id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            job BIGINT NOT NULL REFERENCES job (sequence) ON DELETE CASCADE,
            url TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('due', 'delivered', 'abandoned')),
            due BIGINT NOT NULL,
            -- WebhookDelivery.Attempt as JSON, in an array.
            attempts TEXT NOT NULL
        );
        CREATE INDEX webhook_delivery_due ON webhook_delivery (due) WHERE state = 'due';
        CREATE INDEX webhook_delivery_job ON webhook_delivery (job);

        -- What was committed of late (TransactionToken): the time in milliseconds, and a random number.
        CREATE TABLE transaction_token (token TEXT COLLATE "C" PRIMARY KEY);

        CREATE TABLE worker (
            id TEXT COLLATE "C" PRIMARY KEY,
            state TEXT NOT NULL,
            seen BIGINT NOT NULL
        );

        """
}
