//! A breaker, a retry and a timeout of peers put together.

use backon::Retryable;
use failsafe::futures::CircuitBreaker;
use recloser::{AsyncRecloser, Recloser};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_resilience::circuitbreaker::CircuitBreakerLayer;
use tower_resilience::retry::RetryLayer;
use tower_resilience::timelimiter::{TimeLimiterError, TimeLimiterLayer};

use super::retry::Attempts;
use super::{BASE, RETRIES, SECOND, forever};
use crate::harness::Contestant;
use crate::work::{Arg, Fault, work, work_pending_once};

/// The contestants around a body.
macro_rules! around {
    ($name:ident, $contestant:ident, $body:ident) => {
        pub(crate) fn $name() -> Vec<Contestant> {
            vec![
                Contestant::$contestant("recloser, tryhard, pingora", || {
                    let breaker = forever(AsyncRecloser::from(Recloser::default()));
                    move |n: Arg| {
                        let once = move || async move {
                            let out = pingora_timeout::tokio_timeout(SECOND, $body(n)).await;
                            out.unwrap_or(Err(Fault::Refused))
                        };
                        let retries = tryhard::retry_fn(once).retries(RETRIES);
                        breaker.call(retries.exponential_backoff(BASE))
                    }
                }),
                Contestant::$contestant("failsafe, backon, tokio", || {
                    let breaker = forever(failsafe::Config::new().build());
                    move |n: Arg| {
                        let once = move || async move {
                            let out = tokio::time::timeout(SECOND, $body(n)).await;
                            out.unwrap_or(Err(Fault::Refused))
                        };
                        let backoff = backon::ExponentialBuilder::default()
                            .with_min_delay(BASE)
                            .with_max_times(RETRIES as usize);
                        breaker.call(once.retry(backoff))
                    }
                }),
                Contestant::$contestant("tower, without a breaker", || {
                    let once = tower::timeout::Timeout::new(service_fn($body), SECOND);
                    let service = tower::retry::Retry::new(Attempts(RETRIES), once);
                    move |n: Arg| service.clone().call(n)
                }),
                Contestant::$contestant("tower-resilience", || {
                    let once = TimeLimiterLayer::builder().timeout_duration(SECOND).build();
                    let retry = RetryLayer::<Arg, u32, TimeLimiterError<Fault>>::builder()
                        .max_attempts(RETRIES as usize + 1)
                        .exponential_backoff(BASE)
                        .build();
                    let breaker = CircuitBreakerLayer::builder()
                        .failure_rate_threshold(0.5)
                        .sliding_window_size(100)
                        .build()
                        .expect("its settings are right");
                    let service = breaker.layer(retry.layer(once.layer(service_fn($body))));
                    move |n: Arg| service.clone().oneshot(n)
                }),
            ]
        }
    };
}

around!(ready, ready, work);
around!(pending_once, pending, work_pending_once);
