//! The class of an HTTP status.

use std::time::Duration;

use super::class::Class;

/// Returns the class of an HTTP status. `retry_after` is the time that the response asks to wait,
/// if it was read: see [`parse_retry_after`](super::parse_retry_after).
///
/// 408, 425 and 5xx are transient (RFC 9110 and RFC 8470 allow the request to be repeated after the
/// first two), except for 501 and 505, which would come again. 429, and a 503 that names a time,
/// are throttled. All others are permanent.
pub fn http_status(status: u16, retry_after: Option<Duration>) -> Class {
    match (status, retry_after) {
        (429, _) | (503, Some(_)) => Class::Throttled { retry_after },
        (501 | 505, _) => Class::Permanent,
        (408 | 425 | 500..=599, _) => Class::Transient,
        _ => Class::Permanent,
    }
}
