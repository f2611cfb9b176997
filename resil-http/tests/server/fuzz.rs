//! Headers of every kind: no layer panics, and what is malformed is as if it were not there.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get as on_get;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, Request};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use resil_http::server::{AdmissionLayer, DeadlineLayer, IdempotencyKeyLayer};
use resil_runtime::Deadline;
use resil_runtime::bulkhead::BulkheadPolicy;
use resil_runtime::idempotency::store::Memory;
use resil_runtime::rate_limit::RateLimitPolicy;
use resil_stores::Shared;
use tower::ServiceExt as _;

use crate::{header, text};

const NAMES: [&str; 6] = [
    "grpc-timeout",
    "x-envoy-expected-rq-timeout-ms",
    "x-request-timeout-ms",
    "content-type",
    "x-api-key",
    "idempotency-key",
];

/// The longest time of a handler with a key.
const MAX_RUN: Duration = Duration::from_secs(600);

const MAX: Duration = Duration::from_secs(3_600);
const DEFAULT: Duration = Duration::from_secs(5);

/// Values that are nearly right, and any bytes that a header may have.
fn values() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "[0-9]{0,10}[HMSmun]?",
        "[0-9]{1,25}",
        "[-+ ]?[0-9]{1,3}[.,]?[0-9]{0,3}[HMSmunh ]{0,2}",
        "application/grpc[+;a-z ]{0,6}",
        "[ ]?\"[a-z \\\\\"]{0,6}\"[ ]?",
        "[ -~]{0,40}",
    ]
    .prop_map(String::into_bytes)
    .boxed()
    .prop_union(prop::collection::vec(any::<u8>(), 0..40).boxed())
}

fn headers() -> impl Strategy<Value = HeaderMap> {
    prop::collection::vec((prop::sample::select(&NAMES[..]), values()), 0..5).prop_map(|all| {
        let mut headers = HeaderMap::new();
        for (name, value) in all {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.append(name, value);
            }
        }
        headers
    })
}

/// Returns whether the headers have a key that a server may take, or none: a string of structured fields, or bare.
fn has_good_key(headers: &HeaderMap) -> bool {
    let keys: Vec<_> = headers.get_all("idempotency-key").iter().collect();
    let [key] = keys[..] else {
        return keys.is_empty();
    };
    let Ok(text) = std::str::from_utf8(key.as_bytes()) else {
        return false;
    };
    let text = text.trim_matches([' ', '\t']);
    let Some(rest) = text.strip_prefix('"') else {
        let is_bare = |c: char| c.is_ascii_graphic() && !matches!(c, ',' | ';' | '"' | '\\');
        return !text.is_empty() && text.chars().all(is_bare);
    };
    let (mut length, mut chars) = (0, rest.chars());
    loop {
        match chars.next() {
            Some('"') => return length > 0 && chars.next().is_none(),
            Some('\\') if !matches!(chars.next(), Some('"' | '\\')) => return false,
            Some(' '..='~') => length += 1,
            _ => return false,
        }
    }
}

/// Reads the timeouts as the specifications say it, another way than the layer does.
fn expected(headers: &HeaderMap) -> Duration {
    let text = |name| {
        let all = headers.get_all(name).iter();
        all.filter_map(|value| std::str::from_utf8(value.as_bytes()).ok())
    };
    let digits = |text: &str| -> Option<u128> {
        let is_number = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
        is_number.then(|| text.parse().unwrap_or(u128::MAX))
    };
    let nanos = |count: u128, unit: u128| {
        let nanos = count.saturating_mul(unit).min(u128::from(u64::MAX));
        Duration::from_nanos(u64::try_from(nanos).unwrap())
    };
    let grpc = text("grpc-timeout").filter_map(|text| {
        let unit = match text.chars().last()? {
            'H' => 3_600_000_000_000,
            'M' => 60_000_000_000,
            'S' => 1_000_000_000,
            'm' => 1_000_000,
            'u' => 1_000,
            'n' => 1,
            _ => return None,
        };
        let value = &text[..text.len() - 1];
        (value.len() <= 8).then_some(())?;
        Some(nanos(digits(value)?, unit))
    });
    let millis = [NAMES[1], NAMES[2]].into_iter().flat_map(text);
    let millis = millis.filter_map(|text| Some(nanos(digits(text)?, 1_000_000)));
    grpc.chain(millis).min().unwrap_or(DEFAULT).min(MAX)
}

async fn left() -> String {
    let left = Deadline::current().map(Deadline::remaining);
    left.unwrap_or_default().as_nanos().to_string()
}

/// 100,000 requests, or as many as `PROPTEST_CASES` says, by four threads.
#[test]
fn requests_with_headers_of_every_kind() {
    let cases = std::env::var("PROPTEST_CASES").ok();
    let cases: u32 = cases.and_then(|n| n.parse().ok()).unwrap_or(100_000);
    thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || requests(&format!("fuzz.{thread}"), cases.div_ceil(4)));
        }
    });
}

fn requests(name: &str, cases: u32) {
    let admission = AdmissionLayer::new(name)
        .bulkhead(BulkheadPolicy::new().max(1))
        .rate_limit(RateLimitPolicy::new().max(1).burst(u32::MAX).max_keys(100))
        .key(|request| {
            let key = request.headers.get("x-api-key")?;
            Some(String::from_utf8_lossy(key.as_bytes()).into_owned())
        })
        .exempt(|request| request.headers.len() == 1);
    // Each request is of a caller of its own: none is a replay.
    let callers = AtomicU32::new(0);
    let keys = IdempotencyKeyLayer::new("fuzz", move |_| {
        Some(callers.fetch_add(1, Relaxed).to_string())
    })
    .methods([Method::GET])
    .store(Shared::new(Memory::default()));
    let app = Router::new()
        .route("/", on_get(left))
        .layer(keys)
        .layer(admission)
        .layer(DeadlineLayer::new().max(MAX).default(DEFAULT));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let run = |headers: HeaderMap| {
        let expected = expected(&headers);
        let is_exempt = headers.len() == 1;
        let has_good_key = has_good_key(&headers);
        let is_grpc = headers.get(CONTENT_TYPE).is_some_and(|value| {
            let value = value.as_bytes().to_ascii_lowercase();
            value == b"application/grpc"
                || [
                    &b"application/grpc+"[..],
                    b"application/grpc;",
                    b"application/grpc ",
                ]
                .iter()
                .any(|begin| value.starts_with(begin))
        });
        let is_keyed = !is_grpc && headers.contains_key("idempotency-key");
        let mut request = Request::new(Body::empty());
        *request.headers_mut() = headers;
        let response = runtime.block_on(app.clone().oneshot(request)).unwrap();
        if expected.is_zero() {
            let status = header(&response, "grpc-status");
            prop_assert_eq!(status, is_grpc.then_some("4"));
            prop_assert_eq!(response.status().as_u16(), if is_grpc { 200 } else { 504 });
            return Ok(());
        }
        prop_assert_eq!(header(&response, "ratelimit").is_none(), is_exempt);
        if !is_grpc && !has_good_key {
            prop_assert_eq!(response.status().as_u16(), 400);
            prop_assert!(runtime.block_on(text(response)).contains("malformed_key"));
            return Ok(());
        }
        prop_assert_eq!(response.status().as_u16(), 200);
        let left = runtime.block_on(text(response));
        // A handler with a key has a time of its own.
        let expected = if is_keyed { MAX_RUN } else { expected };
        prop_assert_eq!(left, expected.as_nanos().to_string());
        Ok(())
    };
    TestRunner::new(config).run(&headers(), run).unwrap();
}
