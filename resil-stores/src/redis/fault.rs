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
    // Cut short: `unknown command 'EVALSHA', with args beginning with: ..` shows key and token.
    let said = e.to_string();
    match said.split_once(", with args") {
        Some((said, _)) => StoreError::new(NAME, StoreErrorKind::Misconfigured, said),
        None => StoreError::new(NAME, kind, e),
    }
}
