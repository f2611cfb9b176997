//! Tells the other side how much time is left.

use std::time::Duration;

use ::http::{HeaderName, HeaderValue};

use crate::names::{ENVOY_EXPECTED, GRPC_TIMEOUT, REQUEST_TIMEOUT};

/// A header that tells the other side how much time is left for the request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeadlineHeader {
    /// `grpc-timeout`, as in `1500m`.
    GrpcTimeout,
    /// `x-envoy-expected-rq-timeout-ms`, as in `1500`.
    EnvoyExpected,
    /// A header of this name with milliseconds, as in `1500`.
    Millis(HeaderName),
}

impl DeadlineHeader {
    /// The name of the header of [`millis`](Self::millis).
    pub const MILLIS: HeaderName = REQUEST_TIMEOUT;

    /// Creates the header that the servers of resil read by default: `x-request-timeout-ms`.
    pub fn millis() -> Self {
        Self::Millis(Self::MILLIS)
    }

    /// Returns the header with `left`, which is a millisecond at least.
    pub(super) fn with(&self, left: Duration) -> (HeaderName, HeaderValue) {
        match self {
            Self::GrpcTimeout => (GRPC_TIMEOUT.clone(), grpc(left)),
            Self::EnvoyExpected => (ENVOY_EXPECTED.clone(), millis(left).into()),
            Self::Millis(name) => (name.clone(), millis(left).into()),
        }
    }
}

/// Returns whole milliseconds, rounded down.
fn millis(left: Duration) -> u64 {
    u64::try_from(left.as_millis()).unwrap_or(u64::MAX)
}

/// Returns the value of `grpc-timeout`: at most eight digits, and a unit (PROTOCOL-HTTP2 of gRPC).
fn grpc(left: Duration) -> HeaderValue {
    const MOST: u64 = 99_999_999;

    let millis = millis(left);
    let text = if millis <= MOST {
        format!("{millis}m")
    } else {
        format!("{}S", (millis / 1000).min(MOST))
    };
    HeaderValue::try_from(text).expect("digits and a letter are a header's value")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_rounded_down_and_fits() {
        let grpc = |left| {
            let (name, value) = DeadlineHeader::GrpcTimeout.with(left);
            assert_eq!(name, "grpc-timeout");
            value.to_str().unwrap().to_owned()
        };
        assert_eq!(grpc(Duration::from_micros(1999)), "1m");
        assert_eq!(grpc(Duration::from_millis(99_999_999)), "99999999m");
        assert_eq!(grpc(Duration::from_secs(100_000)), "100000S");
        assert_eq!(grpc(Duration::MAX), "99999999S");

        let (name, value) = DeadlineHeader::EnvoyExpected.with(Duration::from_micros(1999));
        assert_eq!(name, "x-envoy-expected-rq-timeout-ms");
        assert_eq!(value, "1");
        let (name, value) = DeadlineHeader::millis().with(Duration::MAX);
        assert_eq!(name, "x-request-timeout-ms");
        assert_eq!(value, "18446744073709551615");
    }
}
