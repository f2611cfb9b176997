//! Turns errors of SQLite into errors of the store.

use std::error::Error;

use rusqlite::ErrorCode;

use super::row::Strange;
use resil_runtime::idempotency::store::{RecordKey, StoreError, StoreErrorKind};

pub(super) const NAME: &str = "sqlite";

pub(super) fn of(e: rusqlite::Error) -> StoreError {
    let kind = match e.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreErrorKind::Corrupt,
        // `Unknown` is SQLite's generic error. Here it means that a table or a column is missing.
        Some(
            ErrorCode::Unknown
            | ErrorCode::PermissionDenied
            | ErrorCode::ReadOnly
            | ErrorCode::AuthorizationForStatementDenied
            | ErrorCode::SchemaChanged
            | ErrorCode::TypeMismatch
            | ErrorCode::ConstraintViolation,
        ) => StoreErrorKind::Misconfigured,
        _ => StoreErrorKind::Unavailable,
    };
    StoreError::new(NAME, kind, e)
}

pub(super) fn misconfigured(what: impl Into<Box<dyn Error + Send + Sync>>) -> StoreError {
    StoreError::new(NAME, StoreErrorKind::Misconfigured, what)
}

pub(super) fn strange(Strange(column): Strange, key: &RecordKey) -> StoreError {
    let what = format!("the column `{column}` of record {:08x}", key.shown());
    StoreError::new(NAME, StoreErrorKind::Corrupt, what)
}

pub(super) fn gone() -> StoreError {
    StoreError::unavailable(NAME, "its thread has ended")
}
