//! Answers with headers of every kind: no layer panics, and no request is sent again that may not be.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use resil_http::BoxError;
use resil_http::layers::{
    BulkheadLayer, CircuitLayer, FailedRequest, FallbackLayer, HedgeLayer, RateLimitLayer,
    RetryLayer, TimeoutLayer,
};
use resil_runtime::TimeoutPolicy;
use resil_runtime::bulkhead::BulkheadPolicy;
use resil_runtime::circuit::CircuitPolicy;
use resil_runtime::hedge::{HedgeAfter, HedgePolicy};
use resil_runtime::rate_limit::RateLimitPolicy;
use resil_runtime::retry::RetryPolicy;
use tokio::time::Instant;
use tower::{ServiceBuilder, ServiceExt as _, service_fn};

use crate::support::Body;

const NAMES: [&str; 5] = [
    "retry-after",
    "grpc-status",
    "grpc-retry-pushback-ms",
    "x-envoy-overloaded",
    "content-type",
];

/// What values are made of: each of these means something, or is nearly what does.
const PARTS: [&[u8]; 16] = [
    b"0",
    b"1",
    b"14",
    b"8",
    b"-",
    b"+",
    b".",
    b" ",
    b"e9",
    b"999999999999",
    b"Wed, 21 Oct 2015 07:28:00",
    b" GMT",
    b"Oct",
    b"\t",
    b"\xff",
    b"application/grpc",
];

/// Random numbers: xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below as u64).unwrap()
    }

    fn answer(&mut self) -> (StatusCode, HeaderMap) {
        let status = [200, 204, 302, 404, 408, 421, 429, 500, 503, 504, 599, 999][self.below(12)];
        let mut headers = HeaderMap::new();
        for _ in 0..self.below(4) {
            let value: Vec<u8> = (0..self.below(4))
                .flat_map(|_| PARTS[self.below(PARTS.len())])
                .copied()
                .collect();
            let name = NAMES[self.below(NAMES.len())];
            headers.append(name, HeaderValue::from_bytes(&value).unwrap());
        }
        (StatusCode::from_u16(status).unwrap(), headers)
    }
}

/// 100,000 answers.
#[tokio::test(start_paused = true)]
async fn answers_with_headers_of_every_kind() {
    const CAP: Duration = Duration::from_secs(20);
    /// What an attempt may take, with its copies.
    const ATTEMPT: Duration = Duration::from_secs(30);

    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let retry = RetryLayer::new(RetryPolicy::new().max(2).cap(CAP).no_budget());
    let circuit = CircuitLayer::new(CircuitPolicy::new().failures(1_000_000));
    let limit = RateLimitLayer::new(RateLimitPolicy::new().max(1_000_000).burst(u32::MAX));
    let bulkhead = BulkheadLayer::new(BulkheadPolicy::new().max(1));
    let timeout = TimeoutLayer::new(TimeoutPolicy::new(ATTEMPT));
    let hedge = HedgePolicy::new(HedgeAfter::Delay(Duration::from_millis(10)));
    let hedge = HedgeLayer::new(hedge.max(2).no_budget());
    let fallen_back = Arc::new(AtomicU32::new(0));
    let fallback = {
        let count = Arc::clone(&fallen_back);
        FallbackLayer::new(move |failed: FailedRequest<Response<()>>| {
            count.fetch_add(1, Relaxed);
            async move { failed.answer }
        })
    };
    let mut sent_again = [0_u32; 2];
    for _ in 0..100_000 {
        let (status, headers) = random.answer();
        let attempts = Arc::new(AtomicU32::new(0));
        let inside = {
            let (attempts, headers) = (Arc::clone(&attempts), headers.clone());
            service_fn(move |_: Request<Body>| {
                attempts.fetch_add(1, Relaxed);
                let mut answer = Response::new(());
                *answer.status_mut() = status;
                *answer.headers_mut() = headers.clone();
                async move { Ok::<_, BoxError>(answer) }
            })
        };
        let is_harmless = random.below(2) == 0;
        let mut request = crate::support::request(Method::POST);
        if is_harmless {
            *request.method_mut() = Method::GET;
        }
        let service = ServiceBuilder::new()
            .layer(fallback.clone())
            .layer(limit.clone())
            .layer(circuit.clone())
            .layer(bulkhead.clone())
            .layer(retry.clone())
            .layer(timeout.clone())
            .layer(hedge.clone())
            .service(inside);
        let began = Instant::now();
        let answer = service.oneshot(request).await.unwrap();
        assert_eq!((answer.status(), answer.headers()), (status, &headers));
        assert!(began.elapsed() <= CAP + ATTEMPT * 2, "{headers:?}");
        let again = attempts.load(Relaxed) - 1;
        sent_again[usize::from(is_harmless)] += again;
        let is_error = status.as_u16() >= 400 || headers.contains_key("grpc-status");
        let may_be_sent_again = is_harmless || status == StatusCode::MISDIRECTED_REQUEST;
        assert!(
            again == 0 || is_error && may_be_sent_again,
            "{status} {headers:?}"
        );
    }
    assert!(fallen_back.load(Relaxed) > 1_000);
    assert!(
        sent_again.iter().all(|again| *again > 1_000),
        "{sent_again:?}"
    );
}
