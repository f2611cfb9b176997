-- Idempotency records of resil. The comments inside are kept: `.schema` in `sqlite3` shows them.
-- Times are milliseconds since 1970, by the clock of this host.
CREATE TABLE IF NOT EXISTS "resil_idempotency" (
    key           BLOB    NOT NULL PRIMARY KEY CHECK (length(key) = 32),   -- SHA-256 or HMAC; says nothing of the user's key
    scope         TEXT    NOT NULL,     -- the attribute's `name`, for people; it is part of `key`
    state         TEXT    NOT NULL CHECK (state IN ('pending', 'done')),
    token         BLOB    NOT NULL CHECK (length(token) = 16),             -- of who claimed last
    fence         INTEGER NOT NULL,     -- rises with every owner
    fingerprint   BLOB             CHECK (length(fingerprint) = 32),
    indeterminate INTEGER NOT NULL CHECK (indeterminate IN (0, 1)),        -- 1: an abandoned claim is not run again
    lease_end     INTEGER NOT NULL,     -- pending: in the past, its owner vanished; 0: it said so itself
    expiry        INTEGER NOT NULL,     -- may be removed then, unless a lease still runs
    outcome       TEXT             CHECK (outcome IN ('ok', 'err', 'too-large')),
    body          BLOB,                 -- what is replayed
    codec         TEXT,
    version       INTEGER
) STRICT;

CREATE INDEX IF NOT EXISTS "resil_idempotency_expiry" ON "resil_idempotency" (expiry);

CREATE TABLE IF NOT EXISTS "resil_idempotency_meta" (
    one    INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    layout INTEGER NOT NULL,            -- of these tables
    fence  INTEGER NOT NULL             -- the last one given, to any key: it outlives the records
) STRICT;

INSERT OR IGNORE INTO "resil_idempotency_meta" (one, layout, fence) VALUES (1, 1, 0);
