//! The headers `RateLimit-Policy` and `RateLimit`, as draft-ietf-httpapi-ratelimit-headers-11 has them: lists of
//! structured fields (RFC 9651), whose items are strings with parameters.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName, HeaderValue};
use resil_runtime::clock;
use resil_runtime::rate_limit::RateLimitSettings;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// The greatest number that a structured field has: fifteen digits.
const MOST: u128 = 999_999_999_999_999;

const NANOS: u128 = 1_000_000_000;

/// Writes the headers of a name.
#[derive(Debug, Clone)]
pub(super) struct Fields {
    name: Arc<str>,
    /// The policy of the settings that were met first, which are nearly always the only ones.
    policy: Arc<OnceLock<(RateLimitSettings, HeaderValue)>>,
}

impl Fields {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: quoted(name).into(),
            policy: Arc::default(),
        }
    }

    /// Adds the headers of a limit with `settings`, of which `available` requests would be let in now. A refusal of
    /// this limit says `retry_after`.
    pub(super) fn add(
        &self,
        settings: &RateLimitSettings,
        available: u32,
        retry_after: Option<Duration>,
        headers: &mut HeaderMap,
    ) {
        let known = self
            .policy
            .get_or_init(|| (*settings, self.policy(settings)));
        let policy = if known.0 == *settings {
            known.1.clone()
        } else {
            self.policy(settings)
        };
        // Appended: a layer inside may have a limit of its own, and both are lists.
        headers.append(POLICY, policy);
        let name = &self.name;
        let limit = match retry_after {
            Some(wait) => format!("{name};r=0;t={}", whole_seconds(wait.as_nanos())),
            // The window must not end after the time that the answer says to wait for something else.
            None if headers.contains_key(RETRY_AFTER) => format!("{name};r={available}"),
            None => format!("{name};r={available};t={}", earned_in(settings, available)),
        };
        headers.append(LIMIT, value(&limit));
    }

    fn policy(&self, settings: &RateLimitSettings) -> HeaderValue {
        let per = per(settings);
        let window = whole_seconds(per);
        // What comes evenly in a whole number of seconds, rounded down.
        let quota = u128::from(settings.max).saturating_mul(window * NANOS) / per;
        let quota = quota.min(MOST);
        value(&format!("{};q={quota};w={window}", self.name))
    }
}

/// Returns the time in which `max` requests are let in, in nanoseconds, as far as a limit counts it.
fn per(settings: &RateLimitSettings) -> u128 {
    u128::from(clock::nanos(settings.per).max(1))
}

/// Returns the seconds in which so many requests are earned, or one if there are none.
fn earned_in(settings: &RateLimitSettings, requests: u32) -> u128 {
    let nanos = u128::from(requests.max(1)).saturating_mul(per(settings));
    whole_seconds(nanos.div_ceil(u128::from(settings.max.max(1))))
}

/// Returns a time in whole seconds, rounded up and at least 1.
fn whole_seconds(nanos: u128) -> u128 {
    nanos.div_ceil(NANOS).clamp(1, MOST)
}

/// Returns the text as a string of a structured field.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            _ => quoted.push('?'),
        }
    }
    quoted.push('"');
    quoted
}

/// Returns printable ASCII as the value of a header.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}
