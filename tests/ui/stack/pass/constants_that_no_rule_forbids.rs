//! What the rules leave open stays open where the values are constants.
#![deny(warnings)]

use std::time::Duration;

use resil::{BulkheadPolicy, HedgeAfter, HedgePolicy, RetryPolicy, bulkhead, hedge, rate_limit, retry, timeout};

const SHORT: Duration = Duration::from_millis(3);
const LONG: Duration = Duration::from_secs(30);
const MANY: u32 = 200;
const FEW: u32 = 5;
const PATIENT: BulkheadPolicy = BulkheadPolicy::new().max(1).queue(1).wait(LONG);
const LATE: HedgePolicy = HedgePolicy::new(HedgeAfter::Delay(LONG));
const FOREVER: RetryPolicy = RetryPolicy::new().unlimited();

/// What a policy says is its own.
#[retry(policy = FOREVER)]
async fn a_policy_without_an_end() -> Result<u32, resil::Error> {
    Ok(1)
}

/// A limit for each call bounds it, whatever that limit is.
#[timeout(limit)]
#[retry(policy = FOREVER)]
async fn bounded_by_a_limit_of_the_call(limit: Duration) -> Result<u32, resil::Error> {
    Ok(1)
}

/// The limit may depend on a generic.
#[timeout(const { Duration::from_secs(N) })]
#[retry(policy = FOREVER)]
async fn bounded_by_a_limit_of_the_type<const N: u64>() -> Result<u32, resil::Error> {
    Ok(1)
}

/// Nobody knows the delays of a back-off of one's own.
#[timeout(LONG)]
#[retry(cap = SHORT, backoff = |_| Duration::from_millis(1))]
async fn delays_of_ones_own() -> Result<u32, resil::Error> {
    Ok(1)
}

/// The numbers of a named budget may be given elsewhere.
#[retry(max = MANY, budget = "constants_that_no_rule_forbids")]
async fn a_budget_of_many() -> Result<u32, resil::Error> {
    Ok(1)
}

#[retry(max = MANY, budget = off)]
async fn no_budget() -> Result<u32, resil::Error> {
    Ok(1)
}

/// `within` is meant to cut `max` short.
#[timeout(LONG)]
#[retry(max = 5, base = LONG, cap = LONG, jitter = none, within = LONG)]
async fn cut_short() -> Result<u32, resil::Error> {
    Ok(1)
}

/// A wait and a delay that leave time.
#[timeout(LONG)]
#[rate_limit(max = 5, per = 1s, wait = SHORT)]
#[bulkhead(max = 1, queue = 1, wait = SHORT)]
#[hedge(after = SHORT)]
async fn time_is_left() -> Result<u32, resil::Error> {
    Ok(1)
}

/// Both numbers are written.
#[hedge(after = p95(default = SHORT), max = FEW)]
#[retry(max = FEW)]
async fn as_many_starts_as_are_written() -> Result<u32, resil::Error> {
    Ok(1)
}

#[timeout(SHORT)]
#[bulkhead(policy = PATIENT)]
#[hedge(policy = LATE)]
async fn policies_without_time() -> Result<u32, resil::Error> {
    Ok(1)
}

#[tokio::test(start_paused = true)]
async fn main() -> Result<(), resil::Error> {
    let sum = a_policy_without_an_end().await?
        + bounded_by_a_limit_of_the_call(SHORT).await?
        + bounded_by_a_limit_of_the_type::<3>().await?
        + delays_of_ones_own().await?
        + a_budget_of_many().await?
        + no_budget().await?
        + cut_short().await?
        + time_is_left().await?
        + as_many_starts_as_are_written().await?
        + policies_without_time().await?;
    assert_eq!(sum, 10);
    Ok(())
}
