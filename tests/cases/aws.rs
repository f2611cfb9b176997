//! AWS's own suites of the SDKs' standard retry mode, as the Rust SDK has them
//! (github.com/smithy-lang/smithy-rs; `standard` is rust-runtime/aws-smithy-runtime/src/client/
//! retries/strategy/standard.rs, `token_bucket` and `classifiers` stand beside it, `retry-spec` is
//! aws/sdk/integration-tests/dynamodb/tests/retry-spec.rs). `max_attempts` counts as `max` does.
//!
//! The bucket is seen by what it lets pass: rows on it begin or end with retries that it allows.
//! Ours differs on purpose: a retry after a timeout costs 5 and not 10 (LANGUAGE.md, section 3).
//! And ours gives a token back each second, which theirs does not: rows that take seconds say
//! `refill = 0`. Not ours: a second base for throttling errors (2.1), fractions of tokens, the
//! adaptive mode's rate limiter, long-polling.

use std::io::{self, ErrorKind};
use std::time::Duration;

use resil::event::StopReason::{AskedLonger, Budget, Exhausted};
use resil::{Class, Classify, retry, timeout};

use crate::stage::cases;
use crate::support::{Fault, ms};

/// What the failed side asked for.
fn asked(e: &Fault) -> Option<Duration> {
    match e {
        Fault::Busy(d) => Some(*d),
        _ => None,
    }
}

// Delays.
cases! {
    no_retry_necessary_for_ok_result: "a success is not retried", "standard";
        #[retry(base = 1s, jitter = none)]
        "S" => "S", took(0);
    should_retry_transient_error_result: "the third retry comes after 4 s", "standard";
        #[retry(max = 4, base = 1s, jitter = none)]
        "FFFF" => "F", delays([1_000, 2_000, 4_000]);
    should_retry_server_error_result: "so with a 5xx", "standard";
        #[retry(max = 4, base = 1s, jitter = none)]
        "C(500)C(502)C(503)C(504)" => "F", delays([1_000, 2_000, 4_000]);
    should_retry_throttling_error_result: "so with a throttling that names no time", "standard";
        #[retry(max = 4, base = 1s, jitter = none, retry_after = |e| asked(e).filter(|d| !d.is_zero()))]
        "Q(0)Q(0)Q(0)Q(0)" => "F", delays([1_000, 2_000, 4_000]);
    dont_retry_when_out_of_attempts: "four of four", "standard";
        #[retry(max = 4, base = 1s, jitter = none)]
        "FFFF" => "F", stops([Exhausted]);
    should_not_panic_when_exponential_backoff_duration_could_not_be_created:
        "the 34th delay is the cap", "standard (and calculate_backoff_overflow_should_gracefully_fallback_to_max_backoff)";
        #[retry(max = 35, base = 10s, factor = 1e300, cap = 20s, jitter = none)]
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF" => "F", took(10_000 + 33 * 20_000);
    backoff_timing: "1, 2, 4, 8 s, and the fifth run is the last", "standard";
        #[retry(max = 5, base = 1s, jitter = none)]
        "FFFFF" => "F", delays([1_000, 2_000, 4_000, 8_000]), stops([Exhausted]);
    max_backoff_time: "up to 3 s", "standard";
        #[retry(max = 5, base = 1s, cap = 3s, jitter = none)]
        "FFFFF" => "F", delays([1_000, 2_000, 3_000, 3_000]);
    initial_backoff_is_greater_than_one: "3, 6, 12 s", "standard calculate_exponential_backoff_where_..";
        #[retry(max = 4, base = 3s, jitter = none)]
        "FFFF" => "F", delays([3_000, 6_000, 12_000]);
    initial_backoff_is_less_than_one: "30, 60, 120 ms", "standard calculate_exponential_backoff_where_..";
        #[retry(max = 4, base = 0.03s, jitter = none)]
        "FFFF" => "F", delays([30, 60, 120]);
    v2_1_non_throttling_uses_50ms_backoff: "a base of 50 ms", "standard";
        #[retry(max = 3, base = 50ms, jitter = none)]
        "FFS" => "S", delays([50, 100]);
    dynamodb_v2_1_uses_25ms_backoff_and_4_max_attempts:
        "three errors, then a success, 175 ms in all", "retry-spec";
        #[retry(max = 4, base = 25ms, jitter = none)]
        "C(500)C(500)C(500)S" => "S", took(175);
    dynamodb_v2_0_uses_1s_backoff_and_3_max_attempts: "two errors, 3 s in all", "retry-spec";
        #[retry(max = 3, base = 1s, jitter = none)]
        "C(500)C(500)S" => "S", took(3_000);
    dynamodb_v2_1_preserves_user_max_attempts: "what the user says holds: the sixth succeeds", "retry-spec";
        #[retry(max = 6, base = 25ms, jitter = none)]
        "C(500)C(500)C(500)C(500)C(500)S" => "S", retries(5);
    test_retry_after_header: "5 s asked for (ours: up to a tenth later)", "classifiers (aws-runtime) test_retry_after_header";
        #[retry(retry_after = asked)]
        "Q(5000)S" => "S", gaps([(5_000, 5_500)]);
    test_invalid_retry_after_header_is_ignored: "no time that can be read: the computed delay",
        "classifiers (aws-runtime)";
        #[retry(base = 1s, jitter = none, retry_after = |_| None)]
        "Q(5000)S" => "S", delays([1_000]);
    v2_1_retry_after_bounded: "theirs is clamped to 5 s above the computed delay; ours: as asked, and above the cap there is no further attempt",
        "standard v2_1_retry_after_bounded_between_t_i_and_t_i_plus_5s";
        #[retry(cap = 2s, retry_after = asked)]
        "Q(2001)" => "F", took(0), stops([AskedLonger]);
}

// The bucket.
cases! {
    eventual_success: "two retries take 10 of 500, the success gives 5 back; here of 10: one retry is left",
        "standard";
        #[retry(max = 5, base = 1s, jitter = none, budget = (capacity = 10, cost = 5, refill = 0))]
        "FFS FF" => "SF", delays([1_000, 2_000, 1_000]), stops([Budget]);
    no_more_attempts: "no success, nothing comes back; here of 10: none is left", "standard";
        #[retry(max = 3, base = 1s, jitter = none, budget = (capacity = 10, cost = 5, refill = 0))]
        "FFF F" => "FF", stops([Exhausted, Budget]);
    successful_request_and_deser_should_be_retryable:
        "a value that says `running` takes all 5 tokens; `complete` gives them back", "standard";
        #[retry(max = 5, base = 1s, jitter = none, on_ok(0), budget = (capacity = 5, cost = 5, refill = 0))]
        "RS RS" => "SS", delays([1_000, 1_000]);
    no_quota: "5 tokens are one retry", "standard";
        #[retry(max = 5, base = 1s, jitter = none, budget = (capacity = 5, cost = 5, refill = 0))]
        "FF" => "F", delays([1_000]), stops([Budget]);
    quota_replenishes_on_success: "of 20, a timeout's retry takes 10 in theirs, 5 in ours; a success gives the last cost back",
        "standard";
        #[retry(max = 5, base = 1s, jitter = none, budget = (capacity = 20, cost = 5, refill = 0))]
        #[timeout(1s)]
        "HHS FFFF" => "SF", timeouts(2), stops([Budget]);
    quota_replenishes_on_first_try_success: "20 tokens are spent, 20 first tries that succeed bring them back, one each",
        "standard";
        #[retry(max = 9, base = 1ms, budget = (capacity = 20, cost = 5))]
        "FFFFF SSSSSSSSSSSSSSSSSSSS FFFFF" => "F SSSSSSSSSSSSSSSSSSSS F", stops([Budget, Budget]);
    nineteen_first_tries_bring_three: "nineteen bring back three retries and no fourth", "standard (its loop, a step short)";
        #[retry(max = 9, base = 1ms, budget = (capacity = 20, cost = 5))]
        "FFFFF SSSSSSSSSSSSSSSSSSS FFFF" => "F SSSSSSSSSSSSSSSSSSS F", stops([Budget, Budget]);
    test_bounded_permits_exhaustion: "10 tokens at 5 are two retries, whoever makes them", "token_bucket";
        #[retry(max = 2, base = 1ms, budget = (capacity = 10, cost = 5))]
        "FF FF F F" => "FFFF", retries(2), stops([Exhausted, Exhausted, Budget, Budget]);
    test_fractional_tokens_respect_max_capacity: "successes never bring it above its capacity", "token_bucket";
        #[retry(max = 9, base = 1ms, budget = (capacity = 10, cost = 5))]
        "SSSSSSSSSSSSSSSSSSSS FFF" => "SSSSSSSSSSSSSSSSSSSS F", stops([Budget]);
    test_unlimited_token_bucket: "no bucket: a hundred retries and more", "token_bucket";
        #[retry(constant, max = 111, base = 1ms, jitter = none, budget = off)]
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF" => "F",
        retries(110), stops([Exhausted]);
}

/// Row: an HTTP status, and what it is; source: `classifiers` in aws-smithy-runtime
/// (`classify_by_response_status`: 500, 502, 503, 504 are transient; `.._not_retryable`: 408 is
/// not; ours: RFC 9110 says of 408 that the request may be repeated) and in aws-runtime
/// (`Throttling`, `SlowDown` are throttling errors, which HTTP says with 429).
#[test]
fn classify_by_response_status() {
    let rows = [
        (500, Class::Transient),
        (502, Class::Transient),
        (503, Class::Transient),
        (504, Class::Transient),
        (408, Class::Transient),
        (429, Class::Throttled { retry_after: None }),
        (400, Class::Permanent),
        (403, Class::Permanent),
        (404, Class::Permanent),
    ];
    for (status, class) in rows {
        let got = resil_runtime::classify::http_status(status, None);
        assert_eq!(got, class, "{status}");
    }
    let wait = Some(ms(5_000));
    let throttled = Class::Throttled { retry_after: wait };
    assert_eq!(resil_runtime::classify::http_status(429, wait), throttled);
}

/// Source: `classifiers` `test_timeout_error`, `classify_response_error`: timeouts and broken
/// responses are transient.
#[test]
fn classify_io() {
    for kind in [
        ErrorKind::TimedOut,
        ErrorKind::ConnectionReset,
        ErrorKind::UnexpectedEof,
    ] {
        assert_eq!(
            io::Error::from(kind).classify(),
            Class::Transient,
            "{kind:?}"
        );
    }
}
