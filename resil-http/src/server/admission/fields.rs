//! The headers `RateLimit-Policy` and `RateLimit`, as draft-ietf-httpapi-ratelimit-headers-11 has them: lists of
//! structured fields (RFC 9651), whose items are strings with parameters.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};
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

/// The number of values of `RateLimit` that are kept: those of a limit of which up to so many requests are used up.
const KEPT: usize = 16;

/// Writes the headers of a name.
#[derive(Debug)]
pub(super) struct Fields {
    name: Box<str>,
    /// Those of the settings that were met first, which are nearly always the only ones.
    known: OnceLock<Known>,
}

/// The values that are kept. None of them has a count of references, and to write one costs more than the rest.
#[derive(Debug)]
struct Known {
    settings: RateLimitSettings,
    policy: HeaderValue,
    /// By the number of requests that are used up, which is one for a caller who was at rest. Each is made when it is
    /// first told.
    limits: [OnceLock<HeaderValue>; KEPT],
}

impl Fields {
    /// Returns those of a name.
    ///
    /// They are kept for ever, as the state of a name is: a count of references that each request writes to would go
    /// from core to core.
    pub(super) fn of(name: &'static str) -> &'static Self {
        static ALL: Mutex<BTreeMap<&str, &Fields>> = Mutex::new(BTreeMap::new());
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(name).or_insert_with(|| {
            Box::leak(Box::new(Self {
                name: quoted(name).into(),
                known: OnceLock::new(),
            }))
        })
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
        let known = self.known.get_or_init(|| Known {
            settings: *settings,
            policy: kept(self.policy(settings)),
            limits: [const { OnceLock::new() }; KEPT],
        });
        let known = Some(known).filter(|known| known.settings == *settings);
        let policy = known.map(|known| known.policy.clone());
        let policy = policy.unwrap_or_else(|| value(self.policy(settings).into()));
        // The window must not end after the time that the answer says to wait for something else. (An answer has few
        // headers, and to hash a name costs more than to compare some.)
        let limit = if let Some(wait) = retry_after {
            let window = whole_seconds(clock::nanos(wait));
            value(self.limit(0, Some(window)).into())
        } else if headers.keys().any(|name| *name == RETRY_AFTER) {
            value(self.limit(available, None).into())
        } else {
            let text = || self.limit(available, Some(earned_in(settings, available)));
            match known.and_then(|known| known.limit(available)) {
                Some(limit) => limit.get_or_init(|| kept(text())).clone(),
                None => value(text().into()),
            }
        };
        // Appended: a layer inside may have a limit of its own, and both are lists.
        headers.append(POLICY, policy);
        headers.append(LIMIT, limit);
    }

    fn policy(&self, settings: &RateLimitSettings) -> Vec<u8> {
        let per = per(settings);
        let window = whole_seconds(per);
        // What comes evenly in a whole number of seconds, rounded down.
        let in_window = u128::from(window) * u128::from(NANOS);
        let quota = u128::from(settings.max).saturating_mul(in_window) / u128::from(per);
        let quota = u64::try_from(quota).map_or(MOST, |quota| quota.min(MOST));
        self.with((b";q=", quota), Some((b";w=", window)))
    }

    fn limit(&self, available: u32, window: Option<u64>) -> Vec<u8> {
        let window = window.map(|window| (b";t=", window));
        self.with((b";r=", available.into()), window)
    }

    /// Returns the name with one parameter or two, in one allocation of just that length: every answer has such a
    /// value.
    fn with(&self, first: (&[u8; 3], u64), second: Option<(&[u8; 3], u64)>) -> Vec<u8> {
        let mut end = End::default();
        if let Some((name, number)) = second {
            end.parameter(*name, number);
        }
        end.parameter(*first.0, first.1);
        let (name, end) = (self.name.as_bytes(), end.written());
        let mut text = Vec::with_capacity(name.len() + end.len());
        text.extend_from_slice(name);
        text.extend_from_slice(end);
        text
    }
}

impl Known {
    /// Returns the place of the value that tells of so many requests that would be let in now, if it is one of those
    /// that are kept.
    fn limit(&self, available: u32) -> Option<&OnceLock<HeaderValue>> {
        let used = self.settings.burst.checked_sub(available)?;
        self.limits.get(usize::try_from(used).ok()?)
    }
}

/// Returns a value that is kept for ever.
fn kept(text: Vec<u8>) -> HeaderValue {
    value(Bytes::from_static(text.leak()))
}

/// Returns the value of a header. It is printable ASCII.
fn value(text: Bytes) -> HeaderValue {
    HeaderValue::from_maybe_shared(text).unwrap_or(HeaderValue::from_static(""))
}

/// Two parameters at most, written from the last digit to the first.
struct End {
    all: [u8; Self::MOST],
    from: usize,
}

impl Default for End {
    fn default() -> Self {
        Self {
            all: [0; Self::MOST],
            from: Self::MOST,
        }
    }
}

impl End {
    /// Two times a name of three bytes and the digits of a `u64`.
    const MOST: usize = 2 * (3 + 20);

    /// Writes a parameter before those that are there.
    fn parameter(&mut self, name: [u8; 3], mut number: u64) {
        loop {
            let digit = u8::try_from(number % 10).unwrap_or_default();
            self.byte(b'0' + digit);
            number /= 10;
            if number == 0 {
                break;
            }
        }
        for byte in name.into_iter().rev() {
            self.byte(byte);
        }
    }

    fn byte(&mut self, byte: u8) {
        self.from -= 1;
        self.all[self.from] = byte;
    }

    fn written(&self) -> &[u8] {
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
    use resil_runtime::rate_limit;
    use resil_runtime::rate_limit::RateLimitPolicy;

    use super::*;

    /// Settings in use, which only a rate limit can make.
    fn settings(name: &str, max: u32, burst: u32) -> RateLimitSettings {
        let limit = rate_limit(name);
        limit.configure(RateLimitPolicy::new().max(max).burst(burst));
        limit.settings().unwrap()
    }

    fn told(
        fields: &Fields,
        settings: &RateLimitSettings,
        available: u32,
        wait: Option<Duration>,
        with: &[(HeaderName, &'static str)],
    ) -> [String; 2] {
        let mut headers = HeaderMap::new();
        for (name, value) in with {
            headers.insert(name, HeaderValue::from_static(value));
        }
        fields.add(settings, available, wait, &mut headers);
        [POLICY, LIMIT].map(|name| headers[name].to_str().unwrap().to_owned())
    }

    #[test]
    fn a_value_that_is_kept_is_the_one_that_would_be_written() {
        let fields = Fields::of("kept");
        let (first, other) = (settings("kept", 4, 40), settings("kept-other", 50, 100));
        for round in 0..2 {
            for available in 0..=45_u32 {
                let t = available.max(1).div_ceil(4);
                let all = [
                    "\"kept\";q=4;w=1".to_owned(),
                    format!("\"kept\";r={available};t={t}"),
                ];
                assert_eq!(told(fields, &first, available, None, &[]), all, "{round}");
                // Settings that stand in the place of the first ones.
                let t = available.max(1).div_ceil(50);
                let all = [
                    "\"kept\";q=50;w=1".to_owned(),
                    format!("\"kept\";r={available};t={t}"),
                ];
                assert_eq!(told(fields, &other, available, None, &[]), all, "{round}");
                let [_, limit] = told(fields, &first, available, None, &[(RETRY_AFTER, "9")]);
                assert_eq!(limit, format!("\"kept\";r={available}"));
                let wait = Some(Duration::from_millis(2_500));
                let [_, limit] = told(fields, &first, available, wait, &[]);
                assert_eq!(limit, "\"kept\";r=0;t=3");
            }
        }
    }

    #[test]
    fn numbers_are_written_as_display_does_it() {
        let mut powers = std::iter::successors(Some(1_u64), |power| power.checked_mul(10));
        let around = powers
            .by_ref()
            .flat_map(|power| [power - 1, power, power + 1]);
        let fields = Fields::of("numbers");
        for number in around.chain([u64::MAX - 1, u64::MAX]) {
            let text = fields.with((b";a=", number), Some((b";b=", u64::MAX - number)));
            let expected = format!("\"numbers\";a={number};b={}", u64::MAX - number);
            assert_eq!(String::from_utf8(text).unwrap(), expected);
        }
    }
}
