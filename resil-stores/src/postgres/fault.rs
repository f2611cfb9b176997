//! The errors of the store, made of the driver's.

use resil_runtime::idempotency::store::{StoreError, StoreErrorKind};
use tokio_postgres::error::SqlState;

pub(super) const NAME: &str = "postgres";

/// Why a statement gave no answer.
pub(super) enum Fault {
    /// Two statements met, and the server wants this one again.
    Again,
    Store(StoreError),
}

pub(super) fn misconfigured(
    why: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> StoreError {
    StoreError::new(NAME, StoreErrorKind::Misconfigured, why)
}

/// Returns the error of a step that gave no answer.
pub(super) fn told(fault: Fault) -> StoreError {
    match fault {
        Fault::Store(e) => e,
        Fault::Again => StoreError::unavailable(NAME, "the server wants the statement again"),
    }
}

/// Returns what an error of the driver means. Of an error of the server it shows the message alone:
/// the details may show a row.
pub(super) fn of_driver(e: &tokio_postgres::Error) -> Fault {
    let Some(db) = e.as_db_error() else {
        let kind = if e.to_string().starts_with("invalid configuration") {
            StoreErrorKind::Misconfigured
        } else {
            StoreErrorKind::Unavailable
        };
        return Fault::Store(StoreError::new(NAME, kind, chain(e)));
    };
    let (code, message) = (db.code(), db.message());
    if [
        &SqlState::T_R_SERIALIZATION_FAILURE,
        &SqlState::T_R_DEADLOCK_DETECTED,
    ]
    .contains(&code)
    {
        return Fault::Again;
    }
    let (kind, hint) = match code.code() {
        // Undefined table, column, sequence.
        "42P01" | "42703" => (
            StoreErrorKind::Misconfigured,
            ": create it with `create_schema`, or with the text of `schema`",
        ),
        code if code.starts_with("42") || code.starts_with("28") || code.starts_with("3D") => {
            (StoreErrorKind::Misconfigured, "")
        }
        _ => (StoreErrorKind::Unavailable, ""),
    };
    let text = format!("{message} ({}){hint}", code.code());
    Fault::Store(StoreError::new(NAME, kind, text))
}

/// The driver says what it did, and its sources why that failed.
fn chain(e: &tokio_postgres::Error) -> String {
    let mut text = e.to_string();
    let mut source = std::error::Error::source(e);
    while let Some(e) = source {
        let why = e.to_string();
        if !text.contains(&why) {
            text = format!("{text}: {why}");
        }
        source = e.source();
    }
    text
}
