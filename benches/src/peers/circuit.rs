//! Breakers: recloser, failsafe, circuitbreaker-rs, tower-resilience.

use std::time::Duration;

use circuitbreaker_rs::{CircuitBreaker as Breaker, DefaultPolicy};
use failsafe::futures::CircuitBreaker;
use failsafe::{backoff, failure_policy};
use recloser::{AsyncRecloser, Recloser};
use tower::{Layer, ServiceExt, service_fn};
use tower_resilience::circuitbreaker::CircuitBreakerLayer;

use super::forever;
use crate::harness::Contestant;
use crate::harness::row::Shared;
use crate::rows::circuit::tripped;
use crate::work::{Arg, CLEAN, Fault, work};

const HOUR: Duration = Duration::from_hours(1);
const HALF_A_MINUTE: Duration = Duration::from_secs(30);

/// recloser's default: half of the last 100 calls.
fn recloser() -> &'static AsyncRecloser {
    forever(AsyncRecloser::from(Recloser::default()))
}

/// failsafe's own: five failures in a row.
fn consecutive(failures: u32) -> &'static impl CircuitBreaker {
    let backoff = backoff::constant(HALF_A_MINUTE);
    let policy = failure_policy::consecutive_failures(failures, backoff);
    forever(failsafe::Config::new().failure_policy(policy).build())
}

/// failsafe's default: a success rate over half a minute, or five failures in a row.
fn rate() -> &'static impl CircuitBreaker {
    forever(failsafe::Config::new().build())
}

fn circuitbreaker_rs() -> &'static Breaker<DefaultPolicy, Fault> {
    let builder = Breaker::<DefaultPolicy, Fault>::builder()
        .failure_threshold(0.5)
        .cooldown(HOUR);
    forever(builder.min_throughput(2).build())
}

/// A function that puts the body behind tower-resilience's breaker over 100 calls.
macro_rules! tower_resilience {
    ($calls:expr, $body:expr) => {{
        let layer = CircuitBreakerLayer::builder()
            .failure_rate_threshold(0.5)
            .sliding_window_size($calls)
            .wait_duration_in_open(HOUR)
            .build()
            .expect("its settings are right");
        let service = layer.layer(service_fn($body));
        move |n: Arg| service.clone().oneshot(n)
    }};
}

pub(crate) fn counted() -> Vec<Contestant> {
    vec![
        Contestant::ready("recloser", || {
            let breaker = recloser();
            move |n| breaker.call(work(n))
        }),
        Contestant::ready("failsafe, rate", || {
            let breaker = rate();
            move |n| breaker.call(work(n))
        }),
        Contestant::ready("circuitbreaker-rs", || {
            let breaker = circuitbreaker_rs();
            move |n| breaker.call_async(move || work(n))
        }),
        Contestant::ready("tower-resilience", || tower_resilience!(100, work)),
    ]
}

pub(crate) fn in_a_row() -> Vec<Contestant> {
    vec![Contestant::ready("failsafe, consecutive", || {
        let breaker = consecutive(5);
        move |n| breaker.call(work(n))
    })]
}

pub(crate) fn open() -> Vec<Contestant> {
    vec![
        Contestant::ready("recloser", || {
            let builder = Recloser::custom().closed_len(1).open_wait(HOUR);
            let breaker = forever(AsyncRecloser::from(builder.build()));
            tripped(move |n| breaker.call(work(n)))
        }),
        Contestant::ready("failsafe", || {
            let breaker = consecutive(1);
            tripped(move |n| breaker.call(work(n)))
        }),
        Contestant::ready("circuitbreaker-rs", || {
            let breaker = circuitbreaker_rs();
            tripped(move |n| breaker.call_async(move || work(n)))
        }),
        Contestant::ready("tower-resilience", || tripped(tower_resilience!(2, work))),
    ]
}

/// One breaker of each, around a body.
pub(crate) fn shared<F>(body: impl Fn(Arg) -> F + Copy + Send + Sync + 'static) -> Vec<Shared>
where
    F: Future<Output = Result<u32, Fault>> + Send + 'static,
{
    let (recloser, consecutive, breaker) = (recloser(), consecutive(5), circuitbreaker_rs());
    vec![
        Shared::new("failsafe, consecutive", &CLEAN, move |n| {
            consecutive.call(body(n))
        }),
        Shared::new("recloser", &CLEAN, move |n| recloser.call(body(n))),
        Shared::new("circuitbreaker-rs", &CLEAN, move |n| {
            breaker.call_async(move || body(n))
        }),
        Shared::new("tower-resilience", &CLEAN, tower_resilience!(100, body)),
    ]
}
