//! The headers `RateLimit-Policy` and `RateLimit`, as draft-ietf-httpapi-ratelimit-headers-11 has them: lists of
//! structured fields (RFC 9651), whose items are strings with parameters.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName, HeaderValue};
use resil_runtime::clock;
use resil_runtime::rate_limit::RateLimitSettings;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// The greatest number that a structured field has: fifteen digits.
const MOST: u64 = 999_999_999_999_999;

const NANOS: u64 = 1_000_000_000;

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
        let (available, window) = match retry_after {
            Some(wait) => (0, Some(whole_seconds(clock::nanos(wait)))),
            // The window must not end after the time that the answer says to wait for something else.
            None if headers.contains_key(RETRY_AFTER) => (available, None),
            None => (available, Some(earned_in(settings, available))),
        };
        // Appended: a layer inside may have a limit of its own, and both are lists.
        headers.append(POLICY, policy);
        headers.append(LIMIT, self.limit(available, window));
    }

    fn policy(&self, settings: &RateLimitSettings) -> HeaderValue {
        let per = per(settings);
        let window = whole_seconds(per);
        // What comes evenly in a whole number of seconds, rounded down.
        let in_window = u128::from(window) * u128::from(NANOS);
        let quota = u128::from(settings.max).saturating_mul(in_window) / u128::from(per);
        let quota = u64::try_from(quota).map_or(MOST, |quota| quota.min(MOST));
        self.value((";q=", quota), Some((";w=", window)))
    }

    fn limit(&self, available: u32, window: Option<u64>) -> HeaderValue {
        let window = window.map(|window| (";t=", window));
        self.value((";r=", available.into()), window)
    }

    /// Returns the name with one parameter or two, in one allocation: every answer has such a value.
    fn value(&self, first: (&str, u64), second: Option<(&str, u64)>) -> HeaderValue {
        let digits = Digits::of(first.1);
        let length = self.name.len() + first.0.len() + digits.get().len();
        let second = second.map(|(name, number)| (name, Digits::of(number)));
        let more = second.as_ref();
        let more = more.map_or(0, |(name, digits)| name.len() + digits.get().len());
        let mut text = Vec::with_capacity(length + more);
        text.extend_from_slice(self.name.as_bytes());
        text.extend_from_slice(first.0.as_bytes());
        text.extend_from_slice(digits.get());
        if let Some((name, digits)) = second {
            text.extend_from_slice(name.as_bytes());
            text.extend_from_slice(digits.get());
        }
        HeaderValue::from_maybe_shared(Bytes::from(text)).unwrap_or(HeaderValue::from_static(""))
    }
}

/// The decimal digits of a number.
struct Digits {
    all: [u8; Self::MOST],
    from: usize,
}

impl Digits {
    const MOST: usize = 20;

    fn of(mut number: u64) -> Self {
        let (mut all, mut from) = ([b'0'; Self::MOST], Self::MOST);
        for digit in all.iter_mut().rev() {
            *digit += u8::try_from(number % 10).unwrap_or_default();
            number /= 10;
            from -= 1;
            if number == 0 {
                break;
            }
        }
        Self { all, from }
    }

    fn get(&self) -> &[u8] {
        &self.all[self.from..]
    }
}

/// Returns the time in which `max` requests are let in, in nanoseconds, as far as a limit counts it.
fn per(settings: &RateLimitSettings) -> u64 {
    clock::nanos(settings.per).max(1)
}

/// Returns the seconds in which so many requests are earned, or one if there are none.
fn earned_in(settings: &RateLimitSettings, requests: u32) -> u64 {
    let (requests, max) = (requests.max(1), settings.max.max(1));
    let nanos = if let Some(nanos) = per(settings).checked_mul(requests.into()) {
        nanos.div_ceil(max.into())
    } else {
        let nanos = u128::from(per(settings)) * u128::from(requests);
        u64::try_from(nanos.div_ceil(max.into())).unwrap_or(u64::MAX)
    };
    whole_seconds(nanos)
}

/// Returns a time in whole seconds, rounded up and at least 1.
fn whole_seconds(nanos: u64) -> u64 {
    nanos.div_ceil(NANOS).max(1)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_display() {
        let mut powers = std::iter::successors(Some(1_u64), |power| power.checked_mul(10));
        let around = powers
            .by_ref()
            .flat_map(|power| [power - 1, power, power + 1]);
        for number in around.chain([u64::MAX - 1, u64::MAX]) {
            assert_eq!(Digits::of(number).get(), number.to_string().as_bytes());
        }
    }
}
