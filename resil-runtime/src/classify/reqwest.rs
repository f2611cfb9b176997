//! `reqwest::Error`: by the status of the response if there was one, else by the fault.

use std::error::Error as StdError;

use super::chain::find_inside;
use super::class::{Class, Classify};
use super::status::http_status;

impl Classify for ::reqwest::Error {
    /// Classifies by the status of the response if there was one ([`http_status`]), else by the
    /// fault.
    ///
    /// A request that cannot be built and a chain of redirects without end are permanent, as is a
    /// response whose JSON is of another shape. An error of your own type whose class is known (out
    /// of a stream that is sent, a connector or a redirect policy) decides instead. A response that
    /// was cut, and all else, is transient.
    ///
    /// The error does not carry the headers of the response: for `Retry-After`, read it before
    /// `error_for_status` and use `retry_after`.
    fn classify(&self) -> Class {
        if let Some(status) = self.status() {
            return http_status(status.as_u16(), None);
        }
        if let Some(class) = self.source().and_then(find_inside) {
            return class;
        }
        if self.is_builder() || self.is_redirect() || (self.is_decode() && is_malformed(self)) {
            return Class::Permanent;
        }
        Class::Transient
    }
}

/// Returns whether the response is JSON that came whole and is not what was asked for.
fn is_malformed(error: &::reqwest::Error) -> bool {
    error
        .source()
        .and_then(|e| e.downcast_ref::<serde_json::Error>())
        .is_some_and(|e| e.is_data() || e.is_syntax())
}
