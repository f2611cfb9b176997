//! Keys that are at rest give their places away, and clocks of other runtimes do no harm.

use std::time::Duration;

use crate::named::OVERFLOW;
use crate::rate_limit;
use crate::rate_limit::{RateLimit, RateLimitPolicy};

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// A name with room for so many keys, two calls per 100 ms each.
fn room_for(most: u32, name: &str) -> RateLimit {
    let limit = rate_limit(name);
    let policy = RateLimitPolicy::new().max(2).per(ms(100)).max_keys(most);
    assert!(limit.configure(policy));
    limit
}

fn names(limit: RateLimit) -> Vec<String> {
    let mut all: Vec<String> = limit.keys().iter().map(|l| l.key().to_owned()).collect();
    all.sort();
    all
}

#[tokio::test(start_paused = true)]
async fn a_key_keeps_its_place_until_its_burst_is_whole_again() {
    let limit = room_for(2, "limit.keys.rest");
    let takes = |key: &str| limit.key(key).try_acquire(1).is_ok();
    assert!(takes("a") && takes("b"));
    assert_eq!(
        limit.key("c").key(),
        OVERFLOW,
        "a new one would forget what they took"
    );
    tokio::time::advance(ms(49)).await;
    assert_eq!(limit.key("c").key(), OVERFLOW);
    tokio::time::advance(ms(2)).await;
    assert_eq!(limit.key("c").key(), "c");
    assert_eq!(names(limit).len(), 2 + 1, "and the shared one");
}

#[tokio::test(start_paused = true)]
async fn one_that_a_call_waits_for_keeps_its_place() {
    let limit = room_for(1, "limit.keys.wait");
    assert!(limit.key("a").try_acquire(2).is_ok());
    let waiting = tokio::spawn(async move { limit.key("a").acquire(2).await });
    tokio::task::yield_now().await;
    tokio::time::advance(ms(99)).await;
    assert_eq!(limit.key("b").key(), OVERFLOW);
    assert_eq!(waiting.await.unwrap(), Ok(()));
    assert!(limit.key("a").try_acquire(1).is_err(), "the same one");
}

/// Statics outlive runtimes, and each paused runtime has a clock of its own.
#[test]
fn what_another_clock_has_put_far_ahead_does_not_count() {
    let paused = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
    };
    let limit = room_for(1, "limit.clocks");
    let all = || {
        (0..3)
            .map(|_| limit.try_acquire(1).is_ok())
            .collect::<Vec<_>>()
    };
    paused().block_on(async {
        tokio::time::advance(Duration::from_secs(86_400)).await;
        assert_eq!(all(), [true, true, false]);
    });
    // A clock that is a day behind.
    paused().block_on(async { assert_eq!(all(), [true, true, false]) });
    // And one that is ahead again.
    paused().block_on(async {
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(all(), [true, true, false]);
    });
}
