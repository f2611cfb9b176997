//! The class of an HTTP status.

use std::time::Duration;

use super::class::Class;

/// What an HTTP status says; `retry_after` is what the response asked for, where it was read.
///
/// 408, 425 and 5xx are transient (RFC 9110 and RFC 8470 say of the first two that the request may
/// be repeated), but for 501 and 505, which will never be otherwise; a 503 that names a time, and
/// 429, are throttled; all others are permanent.
pub fn http_status(status: u16, retry_after: Option<Duration>) -> Class {
    match (status, retry_after) {
        (429, _) | (503, Some(_)) => Class::Throttled { retry_after },
        (501 | 505, _) => Class::Permanent,
        (408 | 425 | 500..=599, _) => Class::Transient,
        _ => Class::Permanent,
    }
}
