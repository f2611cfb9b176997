//! Turns errors of the driver into errors of the store.

use resil_runtime::idempotency::store::{StoreError, StoreErrorKind};
use tokio_postgres::error::SqlState;

pub(super) const NAME: &str = "postgres";

/// The reason why a statement gave no answer.
pub(super) enum Fault {
    /// Two statements met, and the server asks for this one to be run again.
    Again,
    Store(StoreError),
}

pub(super) fn misconfigured(
    why: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> StoreError {
    StoreError::new(NAME, StoreErrorKind::Misconfigured, why)
}

/// Returns the error of the store for a step that gave no answer.
pub(super) fn told(fault: Fault) -> StoreError {
    match fault {
        Fault::Store(e) => e,
        Fault::Again => StoreError::unavailable(NAME, "the server wants the statement again"),
    }
}

/// Returns the fault for an error of the driver. Of an error of the server it shows the message
/// alone, as the details may show a row.
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
        // A table, a column or a sequence is not defined.
        "42P01" | "42703" => (
            StoreErrorKind::Misconfigured,
            ": create it with `create_schema`, or with the text of `schema`",
        ),
        // A function is not defined: that of the rate limits.
        "42883" => (
            StoreErrorKind::Misconfigured,
            ": create it with `create_rate_limit_schema`, or with the text of `rate_limit_schema`",
        ),
        code if code.starts_with("42") || code.starts_with("28") || code.starts_with("3D") => {
            (StoreErrorKind::Misconfigured, "")
        }
        _ => (StoreErrorKind::Unavailable, ""),
    };
    let text = format!("{message} ({}){hint}", code.code());
    Fault::Store(StoreError::new(NAME, kind, text))
}

/// Returns the text of an error with all its sources. The driver's own text says only what it was
/// doing; the sources say why that failed.
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
