//! Turns errors of the driver into errors of the store.

use ::redis::{ErrorKind, RedisError, ServerErrorKind};
use resil_runtime::idempotency::store::{StoreError, StoreErrorKind};

pub(super) const NAME: &str = "redis";

/// Returns the error of the store for an error of the driver.
pub(super) fn error(e: RedisError) -> StoreError {
    let code = e.code().unwrap_or_default();
    let kind = match e.kind() {
        ErrorKind::AuthenticationFailed
        | ErrorKind::InvalidClientConfig
        | ErrorKind::Server(ServerErrorKind::NoPerm) => StoreErrorKind::Misconfigured,
        _ if ["NOAUTH", "WRONGPASS", "NOPERM"].contains(&code) => StoreErrorKind::Misconfigured,
        _ if code == "WRONGTYPE" => StoreErrorKind::Corrupt,
        _ => StoreErrorKind::Unavailable,
    };
    let kind = if is_refused_database(&e) {
        StoreErrorKind::Misconfigured
    } else {
        kind
    };
    // Cut short: `unknown command 'EVALSHA', with args beginning with: ..` shows key and token.
    let said = e.to_string();
    match said.split_once(", with args") {
        Some((said, _)) => StoreError::new(NAME, StoreErrorKind::Misconfigured, said),
        None => StoreError::new(NAME, kind, e),
    }
}

/// Returns whether the database of the URL was refused as the connection was made: it is not there, or the
/// user has no right to it. The driver keeps no code of such a refusal.
fn is_refused_database(e: &RedisError) -> bool {
    // A server that runs a long script refuses it too, until that script ends.
    let said = e.to_string();
    said.contains("refused to switch database") && !said.contains("busy")
}
