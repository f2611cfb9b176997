//! Each policy alone, with its options as literals, constants and expressions.

use super::*;

#[timeout(1s)]
pub(super) async fn timeout_literal(n: u32) -> Result<u32, E> {
    answer(n).await
}

#[timeout(LIMIT)]
pub(super) async fn timeout_const(n: u32) -> Result<u32, E> {
    answer(n).await
}

#[timeout(limit)]
pub(super) async fn timeout_expression(limit: Duration, n: u32) -> Result<u32, E> {
    answer(n).await
}

#[retry]
pub(super) async fn retry_bare(n: u32) -> Result<u32, E> {
    answer(n).await
}

#[retry(max = 1)]
pub(super) async fn retry_once(name: String) -> Result<String, E> {
    Ok(name)
}

#[retry(
    exponential, max = TRIES, base = 1ms, factor = 1.5, cap = LIMIT, within = 3s, jitter = equal,
    on(E::NotYet | E::Busy), unless(E::Resil(_)), retry_after = asked,
    budget = (capacity = 50, cost = 5), clone(names)
)]
pub(super) async fn retry_full(n: u32, mut names: Vec<u32>) -> Result<usize, E> {
    names.push(answer(n).await?);
    Ok(names.len())
}

#[retry(delays(1ms, 2ms), budget = "shared")]
pub(super) async fn retry_delays(n: u32, log: &mut Vec<u32>) -> Result<u32, E> {
    log.push(n);
    answer(n).await
}

#[circuit]
pub(super) async fn circuit_bare(n: u32) -> Result<u32, E> {
    answer(n).await
}

#[circuit(
    name = "silent", failure_rate = 50%, window = 20, min_calls = 5, open_for = 1s, probes = 2,
    ignore(E::NotYet), on_ok(100.. | 99)
)]
pub(super) async fn circuit_full(n: u32) -> Result<u32, E> {
    answer(n).await
}

#[rate_limit(max = 100, per = 1s)]
pub(super) async fn rate_limit_bare(n: u32) -> Result<u32, E> {
    answer(n).await
}

#[rate_limit(
    name = "silent", max = TRIES, per = LIMIT, burst = 20, wait = 100ms, cost = n + 1, key = n,
    max_keys = 5
)]
pub(super) async fn rate_limit_full(n: u32) -> Result<u32, E> {
    answer(n).await
}

#[cfg(feature = "store")]
#[rate_limit(
    max = 100, per = 1s, wait = 100ms, cost = n + 1, key = n, store = limits, on_outage = closed
)]
pub(super) async fn rate_limit_store(
    n: u32,
    limits: &resil::limits::SharedLimits,
) -> Result<u32, E> {
    let _ = limits;
    answer(n).await
}

#[fallback(n)]
pub(super) async fn fallback_value(n: u32) -> Result<u32, E> {
    answer(n).await
}

#[fallback(|error| match error { E::NotYet => Ok(7), other => Err(other) }, on(E::NotYet | E::Busy), unless(E::Busy if n > 7))]
pub(super) async fn fallback_closure(n: u32) -> Result<u32, E> {
    answer(n).await
}

#[fallback(|_| {})]
pub(super) async fn fallback_unit(n: u32) -> Result<(), E> {
    let _: u32 = answer(n).await?;
    Ok(())
}

#[fallback({ let seven = answer(7).await?; seven + n })]
pub(super) async fn fallback_block(n: u32) -> Result<u32, E> {
    answer(n).await
}

#[fallback(last_ok, max_age = 5m, key = n, max_keys = 10, unless(E::Busy))]
pub(super) async fn fallback_last_ok(n: u32) -> Result<u32, E> {
    answer(n).await
}

#[hedge(after = 1s)]
pub(super) async fn hedge_bare(n: u32) -> Result<u32, E> {
    answer(n).await
}

#[hedge(
    after = p99.9(default = LIMIT), max = TRIES, budget = SHARE, on(E::NotYet | E::Busy),
    unless(E::Resil(_)), clone(names)
)]
pub(super) async fn hedge_full(n: u32, mut names: Vec<u32>) -> Result<usize, E> {
    names.push(answer(n).await?);
    Ok(names.len())
}

#[bulkhead(max = 5)]
pub(super) async fn bulkhead_bare(n: u32) -> Result<u32, E> {
    answer(n).await
}

#[bulkhead(name = "silent", max = TRIES, queue = TRIES, wait = LIMIT, key = n, max_keys = 9)]
pub(super) async fn bulkhead_full(n: u32) -> Result<u32, E> {
    answer(n).await
}

#[bulkhead(adaptive(min = 2, start = TRIES), queue = 4)]
pub(super) async fn bulkhead_adaptive(n: u32) -> Result<u32, E> {
    answer(n).await
}

#[idempotent(key = n)]
pub(super) async fn idempotent_bare(n: u32) -> Result<u32, E> {
    answer(n).await
}

#[idempotent(key = (user, n, &names[0]), name = "silent", ttl = 1h)]
pub(super) async fn idempotent_full(user: &str, n: u32, names: &[u8]) -> Result<u32, E> {
    let length = u32::try_from(user.len() + names.len()).unwrap_or(0);
    answer(n + length).await
}
