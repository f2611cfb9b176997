//! Calls whose time was read before they came to the limit: on another thread others may have come since.

use std::time::Duration;

use proptest::prelude::*;

use crate::clock::{self, Instant};
use crate::extremes::cases;
use crate::rate_limit::RateLimitPolicy;
use crate::rate_limit::limit::{Limit, Taken};

const MILLISECOND: Duration = Duration::from_millis(1);

fn limit(policy: RateLimitPolicy, at: Instant) -> Limit {
    let limit = Limit::new("came");
    limit
        .adopt(&policy, "came", || clock::nanos_of(at))
        .unwrap();
    limit
}

/// Takes one of a call that came at `came`, which the limit sees at `now`.
fn take_one(limit: &Limit, came: Instant, now: Instant) -> Option<u32> {
    limit.take_one(Some(came), || clock::nanos_of(now))
}

#[test]
fn a_call_counts_as_of_when_it_came() {
    let start = clock::now();
    let limit = limit(RateLimitPolicy::new().max(1).per(10 * MILLISECOND), start);
    let at = |ms| start + ms * MILLISECOND;
    assert_eq!(take_one(&limit, at(5), at(8)), Some(0));
    // By the clock it would be the eighteenth millisecond.
    assert_eq!(take_one(&limit, at(15), at(16)), Some(0));
    assert_eq!(take_one(&limit, at(24), at(24)), None);
    assert_eq!(take_one(&limit, at(25), at(99)), Some(0));
}

/// The limit of a key is made when its first call comes, which is a little later than the call came.
#[test]
fn a_limit_that_is_made_after_the_call_came_has_its_whole_burst() {
    let start = clock::now();
    for (burst, left) in [(1, 0), (2, 1), (50, 49)] {
        let policy = RateLimitPolicy::new().max(1).per(10 * MILLISECOND);
        let limit = limit(policy.burst(burst), start + MILLISECOND);
        assert_eq!(
            take_one(&limit, start, start + MILLISECOND),
            Some(left),
            "{burst}"
        );
    }
}

#[test]
fn a_call_that_came_before_one_that_was_quicker_is_told_what_is_left() {
    let start = clock::now();
    let limit = limit(RateLimitPolicy::new().max(10).per(100 * MILLISECOND), start);
    let at = |ms| start + ms * MILLISECOND;
    assert_eq!(take_one(&limit, at(7), at(8)), Some(9));
    assert_eq!(take_one(&limit, at(5), at(8)), Some(8));
}

/// A word that is farther ahead than any is of the clock is taken for one of another clock, and so for none.
#[test]
fn a_reading_that_lags_behind_does_not_make_the_burst_whole_again() {
    let start = clock::now();
    let limit = limit(RateLimitPolicy::new().max(10).per(10 * MILLISECOND), start);
    let late = start + 100 * MILLISECOND;
    for left in (0..10).rev() {
        assert_eq!(take_one(&limit, late, late), Some(left));
    }
    for lag in 0..50 {
        assert_eq!(
            take_one(&limit, late - lag * MILLISECOND, late),
            None,
            "{lag}"
        );
    }
    // Nothing was taken, and the next call comes in its time.
    let later = late + MILLISECOND;
    assert_eq!(take_one(&limit, later, later), Some(0));
}

/// A service that asks again and again while it is called would say the same time each time.
#[test]
fn one_reading_lets_in_one_call_more_at_most() {
    let start = clock::now();
    let limit = limit(RateLimitPolicy::new().max(1).per(MILLISECOND), start);
    let late = start + 500 * MILLISECOND;
    let let_in = (0..100).filter(|_| take_one(&limit, start, late).is_some());
    assert_eq!(let_in.count(), 2);
}

proptest! {
    #![proptest_config(cases())]

    /// However far readings lag behind: in no span of the clock are more let in than without a lag, but for what is
    /// earned in the longest lag.
    #[test]
    fn however_far_readings_lag_no_more_are_let_in(
        max in 1_u32..50,
        burst in 1_u32..20,
        calls in prop::collection::vec((0_u64..4_000_000, 0_u64..20_000_000), 1..200),
    ) {
        const LAG: u64 = 20_000_000;
        let per = 10_000_000_u64;
        let start = clock::now() + Duration::from_nanos(LAG);
        let policy = RateLimitPolicy::new().max(max).per(Duration::from_nanos(per)).burst(burst);
        let limit = limit(policy, start);
        let (mut now, mut let_in) = (start, Vec::new());
        for (step, lag) in calls {
            now += Duration::from_nanos(step);
            let read = now - Duration::from_nanos(lag);
            let is_in = take_one(&limit, read, now).is_some()
                // As an edge goes on.
                || limit.take(1, || clock::nanos_of(now)) == Taken::In;
            if is_in {
                let_in.push(clock::nanos_of(now));
            }
        }
        for (first, began) in let_in.iter().enumerate() {
            for (last, ended) in let_in.iter().enumerate().skip(first) {
                let calls = u64::try_from(last - first + 1).unwrap();
                let earned = (ended - began + LAG) * u64::from(max) / per;
                prop_assert!(calls <= u64::from(burst) + earned, "{calls} in {}", ended - began);
            }
        }
    }
}
