//! The rule of HTTP: status, method, and the headers that ask for a pause.

use ::http::header::RETRY_AFTER;
use ::http::{HeaderMap, Method, Request, Response};
use resil_runtime::Class;
use resil_runtime::classify::{http_status, parse_retry_after};

use super::{Outcome, Verdict};
use crate::BoxError;

/// Judges answers by the rules of HTTP.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct HttpOutcome {}

impl HttpOutcome {
    /// Creates the rule.
    pub fn new() -> Self {
        Self {}
    }
}

/// Whether a request may be sent twice.
#[derive(Debug, Clone, Copy)]
pub struct Kept {
    may_repeat: bool,
}

impl Kept {
    /// Looks at a request: those of an idempotent method (RFC 9110, section 9.2.2) may be sent twice, and any
    /// with an `Idempotency-Key`.
    pub fn of(method: &Method, headers: &HeaderMap) -> Self {
        Self {
            may_repeat: method.is_idempotent() || headers.contains_key("idempotency-key"),
        }
    }
}

impl<B, C> Outcome<Request<B>, Response<C>> for HttpOutcome {
    type Kept = Kept;

    fn keep(&self, request: &Request<B>) -> Kept {
        Kept::of(request.method(), request.headers())
    }

    fn may_repeat(&self, kept: &Kept) -> bool {
        kept.may_repeat
    }

    fn of_response(&self, kept: &Kept, response: &Response<C>) -> Verdict {
        let status = response.status();
        if !status.is_client_error() && !status.is_server_error() {
            return Verdict::Success;
        }
        let retry_after = response.headers().get(RETRY_AFTER);
        let retry_after = retry_after
            .and_then(|value| value.to_str().ok())
            .and_then(parse_retry_after);
        let class = http_status(status.as_u16(), retry_after);
        Verdict::Failure {
            class,
            may_repeat: kept.may_repeat,
        }
    }

    fn of_error(&self, kept: &Kept, _: &BoxError) -> Verdict {
        Verdict::Failure {
            class: Class::Transient,
            may_repeat: kept.may_repeat,
        }
    }
}
