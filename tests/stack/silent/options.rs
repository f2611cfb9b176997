//! The options that bring code of their own.

use super::*;

const STEADY: resil::RetryPolicy = resil::RetryPolicy::new().max(2);
const BASE: resil::CircuitPolicy = resil::CircuitPolicy::new().failures(9);
const COPIES: resil::HedgePolicy = resil::HedgePolicy::new(resil::HedgeAfter::percentile(95.0));
const RATE: f64 = 0.5;
const RATE_OF: resil::RateLimitPolicy = resil::RateLimitPolicy::new().max(9);
const CALLS: u32 = 20;
const TOKENS: u32 = 30;

#[retry(constant, base = LIMIT, jitter = RATE, on_ok(0 | 9), budget = off, nested = outer)]
pub(super) async fn on_ok(n: u32) -> Result<u32, E> {
    answer(n).await
}

#[retry(delays = [1ms, LIMIT], retry_after = |e| asked(e).filter(|_| n > 1), unless(E::Busy if n > 1))]
pub(super) async fn closures(n: u32) -> Result<u32, E> {
    answer(n).await
}

#[retry(backoff = |retry: u32| step * retry, cap = 1s, on(E::NotYet))]
pub(super) async fn backoff(step: Duration, n: u32) -> Result<u32, E> {
    answer(n).await
}

#[retry(policy = STEADY, base = 1ms, budget = (cost = 1))]
pub(super) async fn retry_policy(n: u32) -> Result<u32, E> {
    answer(n).await
}

#[retry(
    max = 2, constant, base = 1ms, attempt = run,
    budget = (name = "silent", capacity = TOKENS, refill = TOKENS)
)]
pub(super) async fn numbered(n: u32) -> Result<u32, E> {
    Ok(answer(n).await? + run)
}

#[circuit(policy = BASE, window = CALLS, min_calls = CALLS, failure_rate = RATE)]
pub(super) async fn circuit_policy(n: u32) -> Result<u32, E> {
    answer(n).await
}

const PLACES: resil::BulkheadPolicy = resil::BulkheadPolicy::new().max(9);

#[circuit(slow = 2s)]
#[bulkhead(policy = PLACES, queue = CALLS)]
#[retry(base = 1ms)]
pub(super) async fn bulkhead_policy(n: u32) -> Result<u32, E> {
    answer(n).await
}

#[circuit]
#[timeout(LIMIT * 2)]
#[tracing::instrument]
#[bulkhead(name = "silent-named")]
#[timeout(LIMIT)]
pub(super) async fn bulkhead_deep(n: u32) -> Result<u32, E> {
    answer(n).await
}

#[circuit(slow = 2s, on_ok(reply if *reply > 100))]
#[timeout(LIMIT * 2)]
#[retry(base = 1ms, unless(E::Busy if n > 1))]
pub(super) async fn above(n: u32) -> Result<u32, E> {
    answer(n).await
}

#[hedge(policy = COPIES, max = TRIES, unless(E::Busy if n > 1))]
#[circuit]
#[timeout(LIMIT)]
pub(super) async fn copies(n: u32) -> Result<u32, E> {
    answer(n).await
}

#[circuit(key = host, max_keys = 5, slow = 2s, slow_rate = 75%, window = 10s, on(E::NotYet))]
pub(super) async fn keyed(host: &str, n: u32) -> Result<u32, E> {
    answer(n + u32::from(host.is_empty())).await
}

#[circuit(slow = 2s)]
#[retry(max = TRIES, base = 1ms)]
#[rate_limit(policy = RATE_OF, cost = u32::from(host.is_empty()) + 1, key = host)]
pub(super) async fn limited(host: &str, n: u32) -> Result<u32, E> {
    answer(n).await
}

#[idempotent(
    key = format!("{n}-{name}"), fingerprint = (n, &name), name = "options", ttl = 1h,
    lease = 5s, conflict = reject, on_abandon = indeterminate, version = 2
)]
pub(super) async fn recorded(n: u32, name: String) -> Result<String, E> {
    let _: u32 = answer(n).await?;
    Ok(name)
}

#[idempotent(key = (n, loud), ttl = LIMIT)]
#[retry(max = 1, clone(log))]
#[timeout(if loud { LIMIT } else { LIMIT * 2 })]
pub(super) async fn expressions(n: u32, loud: bool, mut log: Vec<u32>) -> Result<usize, E> {
    log.push(answer(n).await?);
    Ok(log.len())
}
