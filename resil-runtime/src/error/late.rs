//! The timeout of a request as a whole.

use std::time::Duration;

use super::Error;

/// Returns the error of a request that was not answered `limit` after it came. `is_callers` says whether it is
/// the caller who gave it no more time.
pub fn late(limit: Duration, is_callers: bool) -> Error {
    Error::Timeout {
        function: "the answer to a request",
        limit,
        inherited: is_callers,
    }
}
