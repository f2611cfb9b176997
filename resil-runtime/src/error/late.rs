//! The timeout of a request as a whole.

use std::time::Duration;

use super::Error;

/// Returns the error of a request that was not answered by the deadline that its caller had set, or that the
/// server sets all callers: `limit` after it came.
pub fn late(limit: Duration) -> Error {
    Error::Timeout {
        function: "the answer to a request",
        limit,
        inherited: true,
    }
}
