//! `http::StatusCode`, classified by [`http_status`], and the `Retry-After` among the headers of a
//! response.

use std::time::Duration;

use super::class::{Class, Classify};
use super::retry_after::parse_retry_after;
use super::status::http_status;

impl Classify for ::http::StatusCode {
    fn classify(&self) -> Class {
        http_status(self.as_u16(), None)
    }
}

/// Returns how long the other side wants to be left alone, by the first `Retry-After` among
/// `headers` that [`parse_retry_after`] can read.
///
/// A `reqwest::Error` does not carry the headers, so they are read before `error_for_status`:
///
/// ```
/// # use resil_runtime::classify::{Class, http_status, retry_after};
/// # fn of(status: http::StatusCode, headers: &http::HeaderMap) -> Class {
/// http_status(status.as_u16(), retry_after(headers))
/// # }
/// # let mut headers = http::HeaderMap::new();
/// # headers.insert("retry-after", "7".parse().unwrap());
/// # let retry_after = Some(std::time::Duration::from_secs(7));
/// # assert_eq!(of(http::StatusCode::TOO_MANY_REQUESTS, &headers), Class::Throttled { retry_after });
/// ```
pub fn retry_after(headers: &::http::HeaderMap) -> Option<Duration> {
    let values = headers.get_all(::http::header::RETRY_AFTER).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .find_map(parse_retry_after)
}
