//! The statements that make the tables, and the names of these.

use resil_runtime::idempotency::store::StoreResult;

use super::fault::misconfigured;

/// The version of the tables that [`SCHEMA`] makes.
pub(super) const LAYOUT: i64 = 1;

pub(super) const TABLE: &str = "resil_idempotency";

/// The statements that make the tables of the store, under their default name. Run them with your
/// migrations, or let [`create_schema`](super::SqliteOptions::create_schema) run them. To run them
/// again changes nothing.
pub const SCHEMA: &str = include_str!("schema.sql");

/// Returns the statements of [`SCHEMA`] for a table of that name.
pub(super) fn schema_for(table: &str) -> String {
    SCHEMA.replace(TABLE, table)
}

/// Checks the name of a table. Names stand between quotes in SQL, and the alphabet has no character
/// that could end a quotation.
pub(super) fn check_name(table: &str) -> StoreResult<()> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':' | '-');
    if (1..=128).contains(&table.len()) && table.chars().all(fits) {
        return Ok(());
    }
    Err(misconfigured(
        "the name of a table is 1 to 128 of `A-Z a-z 0-9 _ . : -`",
    ))
}
