//! Settings by a seed, in `const`.
//!
//! None leaves a number to chance: the two forms have to draw the same. A breaker stays open for a minute
//! and up to 20 % more, and longer than any script; the time that a rate limit asks for is below the delays
//! of the retries, or up to 10 % of it would be added.

#![allow(clippy::cast_possible_truncation, reason = "all are below a hundred")]

use std::time::Duration;

use resil::{
    BudgetPolicy, BulkheadPolicy, CircuitPolicy, Jitter, RateLimitPolicy, RetryPolicy, Strategy,
    Window,
};
#[cfg(feature = "hedge")]
use resil::{HedgeAfter, HedgePolicy};

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// One of `count` numbers, for the `at`th question of a seed.
const fn pick(seed: u64, at: u64, count: u64) -> u64 {
    let mut x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ at.wrapping_mul(0xD1B5_4A32_D192_ED03);
    x ^= x >> 31;
    x = x.wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^= x >> 29;
    x % count
}

pub(super) const fn retry(seed: u64) -> RetryPolicy {
    let policy = RetryPolicy::new()
        .jitter(Jitter::None)
        .max(1 + pick(seed, 0, 5) as u32)
        .base(ms(20 + pick(seed, 1, 100)))
        .cap(ms(400))
        .strategy(match pick(seed, 2, 4) {
            0 => Strategy::Constant,
            1 => Strategy::Linear,
            2 => Strategy::Exponential,
            _ => Strategy::Fibonacci,
        });
    let policy = match pick(seed, 3, 3) {
        0 => policy.within(ms(300)),
        _ => policy,
    };
    match pick(seed, 4, 3) {
        0 => policy.budget(BudgetPolicy::new(20, 5).refill(0)),
        1 => policy.no_budget(),
        _ => policy,
    }
}

pub(super) const fn circuit(seed: u64) -> CircuitPolicy {
    let policy = CircuitPolicy::new()
        .open_for(Duration::from_secs(60))
        .probes(1 + pick(seed, 10, 2) as u32);
    match pick(seed, 11, 4) {
        0 => policy.failures(1 + pick(seed, 12, 3) as u32),
        1 => policy
            .failure_rate(0.5)
            .window(Window::Calls(4))
            .min_calls(2),
        2 => policy
            .failure_rate(0.6)
            .window(Window::Time(Duration::from_secs(5)))
            .min_calls(3),
        _ => policy
            .slow(ms(150))
            .slow_rate(0.5)
            .window(Window::Calls(4))
            .min_calls(3),
    }
}

pub(super) const fn bulkhead(seed: u64) -> BulkheadPolicy {
    let policy = BulkheadPolicy::new().max(1 + pick(seed, 20, 2) as u32);
    match pick(seed, 21, 3) {
        0 => policy,
        1 => policy.queue(2),
        _ => policy.queue(2).wait(ms(5 + pick(seed, 22, 60))),
    }
}

pub(super) const fn rate_limit(seed: u64) -> RateLimitPolicy {
    let policy = RateLimitPolicy::new()
        .max(1 + pick(seed, 30, 3) as u32)
        .per(ms(4 + pick(seed, 31, 4)))
        .burst(1 + pick(seed, 32, 2) as u32);
    match pick(seed, 33, 2) {
        0 => policy,
        _ => policy.wait(ms(1 + pick(seed, 34, 4))),
    }
}

#[cfg(feature = "hedge")]
pub(super) const fn hedge(seed: u64) -> HedgePolicy {
    let after = match pick(seed, 40, 3) {
        0 => HedgeAfter::percentile(90.0).or(ms(40)),
        _ => HedgeAfter::Delay(ms(pick(seed, 41, 120))),
    };
    let policy = HedgePolicy::new(after).max(2 + pick(seed, 42, 2) as u32);
    match pick(seed, 43, 2) {
        0 => policy.no_budget(),
        _ => policy,
    }
}
