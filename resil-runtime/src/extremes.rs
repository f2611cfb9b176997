//! Generators of extreme values for property tests: the edges of each type come as often as the
//! values between them.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::Config;

/// Returns a configuration of 20,000 cases, or of as many as `PROPTEST_CASES` says: `scripts/full`
/// asks for more.
pub(crate) fn cases() -> Config {
    let cases = std::env::var("PROPTEST_CASES").ok();
    Config {
        cases: cases.and_then(|n| n.parse().ok()).unwrap_or(20_000),
        failure_persistence: None,
        ..Config::default()
    }
}

pub(crate) fn durations() -> impl Strategy<Value = Duration> {
    let even = (any::<u64>(), 0..1_000_000_000_u32).prop_map(|(s, n)| Duration::new(s, n));
    // As many of each magnitude, from one nanosecond up to 2^64 s.
    let magnitudes = (any::<u128>(), 0..94_u32).prop_map(|(n, bits)| {
        let n = n & ((1 << bits) - 1);
        let secs = u64::try_from(n / 1_000_000_000).unwrap_or(u64::MAX);
        Duration::new(secs, u32::try_from(n % 1_000_000_000).unwrap_or(0))
    });
    let edges = prop::sample::select(vec![
        Duration::ZERO,
        Duration::from_nanos(1),
        Duration::from_micros(1),
        Duration::from_millis(1),
        Duration::from_millis(30),
        Duration::from_nanos(u64::MAX),
        Duration::from_millis(u64::MAX),
        Duration::from_secs(u64::MAX),
        Duration::MAX,
        Duration::MAX / 2,
        Duration::MAX / 3,
    ]);
    prop_oneof![even, magnitudes, edges]
}

pub(crate) fn counts() -> impl Strategy<Value = u32> {
    let magnitudes = (any::<u32>(), 0..32_u32).prop_map(|(n, shift)| n >> shift);
    prop_oneof![
        magnitudes,
        prop::sample::select(vec![0, 1, u32::MAX - 1, u32::MAX])
    ]
}

/// Generates floats, with not-a-number, infinities and subnormals among them.
pub(crate) fn floats() -> impl Strategy<Value = f64> {
    let edges = prop::sample::select(vec![
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        0.0,
        -0.0,
        f64::MIN_POSITIVE,
        f64::from_bits(1),
        f64::MAX,
        f64::MIN,
        1.0,
        1.0 + f64::EPSILON,
        1.0 - f64::EPSILON,
    ]);
    prop_oneof![any::<u64>().prop_map(f64::from_bits), edges, -1.0..3.0]
}
