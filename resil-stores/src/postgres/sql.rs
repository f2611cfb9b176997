//! The text of the statements for one table, one for each step.
//!
//! A step that may lose to another one has two halves. The first half changes the record if its
//! condition holds. The second half reads the record if the first changed nothing. Under READ
//! COMMITTED the first half tests its condition on the newest version of the row, behind the row's
//! lock, while the second half sees the rows that were committed before the statement began. So the
//! second half may show a record on which the first should have acted, or no record. That is an
//! *empty* answer, and the step is run again.
//!
//! The clock is `clock_timestamp()` everywhere. `now()` is the begin of the transaction, which may
//! lie before a wait for a lock.

/// The longest name of a table, in bytes. PostgreSQL cuts names at 63 bytes, and two longer names
/// are made from this one.
const MAX_NAME: usize = 50;

/// The statements for one table.
pub(super) struct Sql {
    pub(super) schema: String,
    pub(super) table: String,
    pub(super) read_primary: String,
    pub(super) read: String,
    pub(super) claim: String,
    pub(super) renew: String,
    pub(super) complete: String,
    pub(super) release: String,
    pub(super) abandon: String,
    pub(super) resolve_free: String,
    pub(super) resolve_done: String,
    pub(super) forget: String,
    pub(super) sweep: String,
}

const LIVE: &str = "(r.state = 'pending' AND clock_timestamp() < r.lease_end)";
const THERE: &str = "((r.state = 'pending' AND clock_timestamp() < r.lease_end) \
     OR (r.state <> 'free' AND clock_timestamp() < r.expiry))";

/// The columns of the row that a removed record leaves. The row keeps the fence, so that the next
/// fence is above it.
const FREE: &str = "state = 'free', token = NULL, fingerprint = NULL, \
     lease_end = '-infinity', expiry = clock_timestamp(), \
     outcome = NULL, body = NULL, codec = NULL, version = NULL";

/// Returns the expression for the time that lies `parameter` microseconds from now.
fn from_now(parameter: &str) -> String {
    format!("clock_timestamp() + {parameter}::bigint * interval '1 microsecond'")
}

/// Returns the columns of an answer: whether the first half acted, and the record.
fn row(acted: bool) -> String {
    format!(
        "{acted} AS acted, r.state, r.token, r.fence, r.fingerprint, r.indeterminate, \
         r.taken_over, {LIVE} AS live, {THERE} AS there, \
         CASE WHEN {LIVE} THEN \
             (extract(epoch FROM r.lease_end - clock_timestamp()) * 1000000)::bigint \
         END AS left_us, \
         r.outcome, r.body, r.codec, r.version"
    )
}

/// Returns the statement of a step: a change of the record of key `$1` if `condition` holds, and
/// the reading half.
fn change(table: &str, set: &str, condition: &str) -> String {
    let (acted, other) = (row(true), row(false));
    format!(
        "WITH changed AS (\
             UPDATE {table} AS r SET {set} WHERE r.key = $1 AND {condition} RETURNING {acted}\
         ) \
         SELECT * FROM changed \
         UNION ALL \
         SELECT {other} FROM {table} AS r WHERE r.key = $1 AND NOT EXISTS (SELECT FROM changed)"
    )
}

/// Returns `"name"` or `"schema"."name"`, with `suffix` added to the name.
pub(super) fn quoted(name: &str, suffix: &str) -> String {
    match name.split_once('.') {
        Some((schema, table)) => format!("\"{schema}\".\"{table}{suffix}\""),
        None => format!("\"{name}{suffix}\""),
    }
}

/// Checks the name of a table. The `Err` says what is wrong with it.
pub(super) fn check_name(name: &str) -> Result<(), &'static str> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "_:-".contains(c);
    let part = |part: &str| !part.is_empty() && part.len() <= MAX_NAME && part.chars().all(legal);
    let right = match name.split_once('.') {
        Some((schema, table)) => part(schema) && part(table),
        None => part(name),
    };
    if right {
        Ok(())
    } else {
        Err(
            "the name of a table is 1 to 50 of A-Z a-z 0-9 _ : - with a schema and a dot before it, or none",
        )
    }
}

impl Sql {
    /// Makes the statements for the table `name`. [`check_name`] must have passed the name, so that
    /// nothing in it ends a quotation.
    pub(super) fn new(name: &str) -> Self {
        let table = quoted(name, "");
        let fence = format!("nextval('{}')", quoted(name, "_fence"));
        let (lease, ttl) = (from_now("$5"), from_now("$6"));
        let (acted, other) = (row(true), row(false));
        let recorded = "outcome = $4, body = $5, codec = $6, version = $7";
        let done_until = from_now("$3");
        Self {
            schema: schema(name),
            // A replica must not answer a claim. There this returns no row, so that the claim
            // itself follows, which a replica refuses.
            read_primary: format!(
                "SELECT {other} FROM {table} AS r WHERE r.key = $1 AND NOT pg_is_in_recovery()"
            ),
            read: format!("SELECT {other} FROM {table} AS r WHERE r.key = $1"),
            claim: format!(
                "WITH changed AS (\
                     INSERT INTO {table} AS r (key, state, token, fence, fingerprint, \
                         indeterminate, taken_over, lease_end, expiry) \
                     VALUES ($1, 'pending', $2, {fence}, $3, $4, false, {lease}, {ttl}) \
                     ON CONFLICT (key) DO UPDATE SET state = 'pending', token = excluded.token, \
                         fence = {fence}, \
                         fingerprint = CASE WHEN {THERE} \
                             THEN coalesce(excluded.fingerprint, r.fingerprint) \
                             ELSE excluded.fingerprint END, \
                         indeterminate = excluded.indeterminate, taken_over = {THERE}, \
                         lease_end = {lease}, expiry = {ttl}, \
                         outcome = NULL, body = NULL, codec = NULL, version = NULL \
                     WHERE NOT {THERE} OR (r.state = 'pending' AND NOT {LIVE} \
                         AND r.token <> excluded.token \
                         AND NOT r.indeterminate AND NOT excluded.indeterminate \
                         AND (r.fingerprint IS NULL OR excluded.fingerprint IS NULL \
                             OR r.fingerprint = excluded.fingerprint)) \
                     RETURNING {acted}\
                 ) \
                 SELECT * FROM changed \
                 UNION ALL \
                 SELECT {other} FROM {table} AS r \
                     WHERE r.key = $1 AND NOT EXISTS (SELECT FROM changed)"
            ),
            renew: format!(
                "UPDATE {table} SET lease_end = {}, expiry = {} \
                 WHERE key = $1 AND token = $2 AND state = 'pending'",
                from_now("$3"),
                from_now("$4")
            ),
            complete: change(
                &table,
                &format!("state = 'done', expiry = {done_until}, {recorded}"),
                "r.token = $2 AND r.state = 'pending'",
            ),
            release: format!(
                "UPDATE {table} SET {FREE} WHERE key = $1 AND token = $2 AND state = 'pending'"
            ),
            // The lease end lies before all times, so that a clock that is set back does not make
            // the claim live again.
            abandon: format!(
                "UPDATE {table} SET lease_end = '-infinity' \
                 WHERE key = $1 AND token = $2 AND state = 'pending'"
            ),
            resolve_free: change(
                &table,
                FREE,
                &format!("r.state = 'pending' AND NOT {LIVE} AND {THERE}"),
            ),
            resolve_done: change(
                &table,
                &format!(
                    "state = 'done', token = $2, fence = {fence}, expiry = {done_until}, {recorded}"
                ),
                &format!("r.state = 'pending' AND NOT {LIVE} AND {THERE}"),
            ),
            forget: change(&table, FREE, &format!("NOT {LIVE} AND {THERE}")),
            // The clock is in a sub-select, which is evaluated once, so that the index can be
            // used. The condition stands twice, as a row may have changed while its lock was
            // waited for.
            sweep: format!(
                "DELETE FROM {table} WHERE key IN (\
                     SELECT key FROM {table} WHERE greatest(lease_end, expiry) < \
                         (SELECT clock_timestamp() - $1::bigint * interval '1 microsecond') \
                     LIMIT 1000 FOR UPDATE SKIP LOCKED) \
                 AND greatest(lease_end, expiry) < \
                     (SELECT clock_timestamp() - $1::bigint * interval '1 microsecond')"
            ),
            table,
        }
    }
}

/// Returns the text of [`Postgres::schema`](super::Postgres::schema).
fn schema(name: &str) -> String {
    let (table, fence) = (quoted(name, ""), quoted(name, "_fence"));
    // An index is in the schema of its table, so its name is given without one.
    let ended = name.split_once('.').map_or(name, |(_, table)| table);
    format!(
        "\
CREATE TABLE IF NOT EXISTS {table} (
    key           bytea       PRIMARY KEY,  -- SHA-256 of the caller's key
    state         text        NOT NULL CHECK (state IN ('pending', 'done', 'free')),
    token         bytea,                    -- who claimed last
    fence         bigint      NOT NULL,
    fingerprint   bytea,
    indeterminate boolean     NOT NULL,
    taken_over    boolean     NOT NULL,
    lease_end     timestamptz NOT NULL,
    expiry        timestamptz NOT NULL,
    outcome       text,                     -- ok, err, too-large
    body          bytea,
    codec         text,
    version       bigint
);
CREATE SEQUENCE IF NOT EXISTS {fence};      -- of all fences; never set it back
CREATE INDEX IF NOT EXISTS \"{ended}_ended\" ON {table} (greatest(lease_end, expiry));
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for right in ["resil", "app.resil", "resil:a-b_C9", "A"] {
            assert_eq!(check_name(right), Ok(()), "{right}");
        }
        let long = "x".repeat(51);
        for wrong in [
            "", ".", "a.", ".a", "a.b.c", "a\"b", "a b", "a;b", "ä", "a'b", &long,
        ] {
            assert!(check_name(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_schema_stands_before_every_name() {
        let sql = Sql::new("app.resil");
        assert!(
            sql.schema.contains("\"app\".\"resil_fence\""),
            "{}",
            sql.schema
        );
        assert!(
            sql.claim.contains("nextval('\"app\".\"resil_fence\"')"),
            "{}",
            sql.claim
        );
        assert!(
            sql.schema.contains("\"resil_ended\" ON \"app\".\"resil\""),
            "{}",
            sql.schema
        );
    }

    #[test]
    fn no_statement_asks_when_its_transaction_began() {
        let sql = Sql::new("resil");
        for text in [
            &sql.claim,
            &sql.renew,
            &sql.complete,
            &sql.release,
            &sql.forget,
            &sql.sweep,
        ] {
            let began = text.contains("now()") || text.contains("CURRENT_TIMESTAMP");
            assert!(!began, "{text}");
        }
    }
}
