//! The text of the statements for the table of rate limits.
//!
//! A step that takes is a function of the database: it locks the row of its key, reads the clock behind
//! that lock, and changes the row. One statement could not: all its parts see the rows as they were
//! before it waited for the lock.

use super::sql::quoted;

/// The statements for one table.
pub(super) struct LimitSql {
    pub(super) schema: String,
    pub(super) table: String,
    pub(super) take: String,
    pub(super) give_back: String,
    pub(super) sweep: String,
}

impl LimitSql {
    /// Makes the statements for the table `name`, which [`check_name`](super::sql::check_name) has passed.
    pub(super) fn new(name: &str) -> Self {
        let (table, take) = (quoted(name, ""), quoted(name, "_take"));
        Self {
            schema: schema(name),
            take: format!(
                "SELECT word, at_us, owed_units, wait_us FROM {take}($1, $2, $3, $4, $5)"
            ),
            give_back: format!(
                "UPDATE {table} SET owed = owed - $5 \
                 WHERE key = $1 AND at = $2 AND owed = $3 AND rate = $4"
            ),
            // The condition stands twice, as a row may have changed while its lock was waited for.
            sweep: format!(
                "DELETE FROM {table} WHERE key IN (\
                     SELECT key FROM {table} \
                     WHERE ended < (SELECT extract(epoch FROM clock_timestamp())::bigint) \
                     LIMIT 1000 FOR UPDATE SKIP LOCKED) \
                 AND ended < (SELECT extract(epoch FROM clock_timestamp())::bigint)"
            ),
            table,
        }
    }
}

/// Returns the text of [`Postgres::rate_limit_schema`](super::Postgres::rate_limit_schema).
fn schema(name: &str) -> String {
    let (table, take) = (quoted(name, ""), quoted(name, "_take"));
    // An index is in the schema of its table, so its name is given without one.
    let ended = name.split_once('.').map_or(name, |(_, table)| table);
    format!(
        "\
CREATE TABLE IF NOT EXISTS {table} (
    key   bytea  PRIMARY KEY,  -- SHA-256 of the caller's key
    at    bigint NOT NULL,     -- microseconds since 1970
    owed  bigint NOT NULL,     -- what is owed then, in units
    rate  bigint NOT NULL,     -- the units that are paid in a microsecond
    ended bigint NOT NULL      -- seconds since 1970, in steps of ten minutes: nothing is owed any more
) WITH (fillfactor = 70);
CREATE INDEX IF NOT EXISTS \"{ended}_ended\" ON {table} (ended);
CREATE OR REPLACE FUNCTION {take}(
    p_key bytea, p_rate bigint, p_price bigint, p_tolerance bigint, p_patience bigint,
    OUT word text, OUT at_us bigint, OUT owed_units bigint, OUT wait_us bigint
) LANGUAGE plpgsql AS $$
DECLARE
    kept record;
    total bigint;
BEGIN
    -- A crash may forget the calls of the last moments. To wait for the disk would hold the lock of the
    -- row for as long.
    SET LOCAL synchronous_commit TO OFF;
    LOOP
        SELECT t.at, t.owed, t.rate INTO kept FROM {table} AS t WHERE t.key = p_key FOR UPDATE;
        EXIT WHEN FOUND;
        INSERT INTO {table} (key, at, owed, rate, ended) VALUES (p_key, 0, 0, 1, 0)
            ON CONFLICT DO NOTHING;
    END LOOP;
    -- Behind the lock: not the time at which the statement began.
    at_us := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
    owed_units := kept.owed;
    IF kept.rate <> p_rate THEN
        -- Another host counts by other settings.
        owed_units := least(div(kept.owed::numeric * p_rate + kept.rate - 1, kept.rate), 4503599627370496);
    END IF;
    -- A clock that was set back pays nothing; and no product is larger than it needs to be.
    owed_units := greatest(0, owed_units
        - least(greatest(0, at_us - kept.at), owed_units / p_rate + 1) * p_rate);
    total := owed_units + p_price;
    wait_us := (greatest(0, total - p_tolerance) + p_rate - 1) / p_rate;
    IF wait_us > 0 AND wait_us > p_patience THEN
        word := 'early';
        RETURN;
    END IF;
    word := CASE WHEN wait_us > 0 THEN 'turn' ELSE 'now' END;
    owed_units := total;
    UPDATE {table} AS t SET at = at_us, owed = total, rate = p_rate,
        ended = ((at_us + total / p_rate) / 600000000 + 1) * 600
        WHERE t.key = p_key;
END
$$;
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_stands_before_every_name() {
        let sql = LimitSql::new("app.limits");
        assert!(sql.take.contains("FROM \"app\".\"limits_take\"("));
        assert!(sql.schema.contains("FUNCTION \"app\".\"limits_take\"("));
        assert!(
            sql.schema
                .contains("\"limits_ended\" ON \"app\".\"limits\"")
        );
    }

    #[test]
    fn no_statement_asks_when_its_transaction_began() {
        let sql = LimitSql::new("limits");
        for text in [&sql.schema, &sql.sweep] {
            assert!(!text.contains("now()") && !text.contains("CURRENT_TIMESTAMP"));
        }
    }
}
