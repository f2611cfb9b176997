//! The delays of every strategy and jitter, and that none overflows.

use proptest::strategy::Strategy as Values;
use proptest::{collection, option, prop_assert, prop_assert_eq, prop_oneof, proptest, sample};

use super::*;
use crate::extremes::{cases, counts, durations, floats};

const D: &[Duration] = &[Duration::from_millis(5), Duration::from_secs(60)];
const MS: fn(u64) -> Duration = Duration::from_millis;

fn plain(p: RetryPolicy) -> Vec<u64> {
    (1..=6)
        .map(|n| u64::try_from(p.spread(n, None).high.as_millis()).unwrap())
        .collect()
}

#[test]
fn strategies_grow_as_written() {
    let p = RetryPolicy::new().jitter(Jitter::None);
    assert_eq!(plain(p.strategy(Strategy::Constant)), [100; 6]);
    assert_eq!(
        plain(p.strategy(Strategy::Linear)),
        [100, 200, 300, 400, 500, 600]
    );
    assert_eq!(plain(p), [100, 200, 400, 800, 1_600, 3_200]);
    assert_eq!(plain(p.factor(3.0)), [100, 300, 900, 2_700, 8_100, 20_000]);
    assert_eq!(
        plain(p.strategy(Strategy::Fibonacci)),
        [100, 100, 200, 300, 500, 800]
    );
    assert_eq!(
        plain(RetryPolicy::new().strategy(Strategy::Delays(D))),
        [5, 60_000, 60_000, 60_000, 60_000, 60_000]
    );
}

#[test]
fn polly_k03_base_zero_is_zero_and_the_cap_holds() {
    for s in [
        Strategy::Constant,
        Strategy::Linear,
        Strategy::Exponential,
        Strategy::Fibonacci,
    ] {
        let p = RetryPolicy::new().strategy(s).jitter(Jitter::None);
        assert_eq!(
            p.base(Duration::ZERO).spread(10_000, None).high,
            Duration::ZERO
        );
        assert_eq!(
            p.base(MS(10_000)).cap(MS(1_000)).spread(3, None).high,
            MS(1_000)
        );
    }
}

#[test]
fn d7_attempt_ten_thousand_saturates() {
    let day = Duration::from_secs(86_400);
    let p = RetryPolicy::new()
        .base(day)
        .jitter(Jitter::None)
        .cap(Duration::MAX);
    for n in [1_000, 10_000, u32::MAX] {
        assert!(p.spread(n, None).high > Duration::from_secs(u64::MAX / 4));
        assert!(p.strategy(Strategy::Linear).spread(n, None).high >= day);
        assert!(p.strategy(Strategy::Fibonacci).spread(n, None).high >= day);
        let _ = p
            .jitter(Jitter::Ratio(1.0))
            .spread(n, Some(Duration::MAX))
            .draw();
        let _ = p
            .jitter(Jitter::Decorrelated)
            .spread(n, Some(Duration::MAX))
            .draw();
    }
}

#[test]
fn d19_full_jitter_by_default_and_no_delay_above_the_cap() {
    let p = RetryPolicy::new().base(MS(100)).cap(MS(300));
    assert_eq!(
        p.spread(2, None),
        Spread {
            low: Duration::ZERO,
            high: MS(200)
        }
    );
    for j in [
        Jitter::Full,
        Jitter::Equal,
        Jitter::Decorrelated,
        Jitter::Ratio(1.0),
    ] {
        for n in 1..50 {
            let s = p.jitter(j).spread(n, Some(MS(300)));
            assert!(s.low <= s.high && s.high <= MS(300), "{j:?} {n} {s:?}");
            assert!(s.draw() <= MS(300));
        }
    }
}

#[test]
fn jitters_spread_as_written() {
    let p = RetryPolicy::new();
    assert_eq!(
        p.jitter(Jitter::Equal).spread(3, None),
        Spread {
            low: MS(200),
            high: MS(400)
        }
    );
    let r = p.jitter(Jitter::Ratio(0.25)).spread(1, None);
    assert_eq!(
        r,
        Spread {
            low: MS(75),
            high: MS(125)
        }
    );
    let d = p.jitter(Jitter::Decorrelated);
    assert_eq!(
        d.spread(1, None),
        Spread {
            low: MS(100),
            high: MS(300)
        }
    );
    assert_eq!(
        d.spread(2, Some(MS(250))),
        Spread {
            low: MS(100),
            high: MS(750)
        }
    );
    assert_eq!(
        d.spread(9, Some(MS(9_000))),
        Spread {
            low: MS(100),
            high: MS(20_000)
        }
    );
}

#[test]
fn decorrelated_leaves_delays_that_are_given_alone() {
    let p = RetryPolicy::new().jitter(Jitter::Decorrelated);
    let listed = p.strategy(Strategy::Delays(D));
    assert_eq!(listed.spread(1, None), Spread::exactly(D[0]));
    assert_eq!(listed.spread(9, Some(MS(9_000))), Spread::exactly(D[1]));
    assert_eq!(
        p.spread_own(MS(700), Some(MS(9_000))),
        Spread::exactly(MS(700))
    );
}

#[test]
fn what_was_asked_is_never_undercut() {
    let p = RetryPolicy::new().cap(MS(1_000));
    assert_eq!(
        p.asked(MS(500)),
        Some(Spread {
            low: MS(500),
            high: MS(550)
        })
    );
    assert_eq!(
        p.asked(MS(1_000)),
        Some(Spread {
            low: MS(1_000),
            high: MS(1_000)
        })
    );
    assert_eq!(p.asked(MS(1_001)), None);
}

#[test]
fn the_longer_of_what_was_asked_and_the_own_delay() {
    let own = Spread::exactly(MS(100));
    let asked = |ms| RetryPolicy::new().asked(MS(ms));
    for ms in [0, 1, 99, 100] {
        assert_eq!(longer(own, asked(ms)), MS(100), "{ms} is not longer");
    }
    for _ in 0..100 {
        let delay = longer(own, asked(101));
        assert!(
            (101_000..=111_100).contains(&delay.as_micros()),
            "{delay:?}"
        );
    }
    assert_eq!(longer(own, None), MS(100));
}

fn strategies() -> impl Values<Value = Strategy> {
    let delays = collection::vec(durations(), 0..4)
        .prop_map(|all| Strategy::Delays(Box::leak(all.into_boxed_slice())));
    let plain = sample::select(vec![
        Strategy::Constant,
        Strategy::Linear,
        Strategy::Exponential,
        Strategy::Fibonacci,
    ]);
    prop_oneof![4 => plain, 1 => delays]
}

fn jitters() -> impl Values<Value = Option<Jitter>> {
    let plain = sample::select(vec![
        None,
        Some(Jitter::None),
        Some(Jitter::Full),
        Some(Jitter::Equal),
        Some(Jitter::Decorrelated),
    ]);
    prop_oneof![2 => plain, 1 => floats().prop_map(|r| Some(Jitter::Ratio(r)))]
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn no_delay_of_any_policy_overflows_or_passes_the_cap(
        (strategy, jitter, factor) in (strategies(), jitters(), floats()),
        (base, cap) in (durations(), durations()),
        (n, previous, asked) in (counts(), option::of(durations()), durations()),
    ) {
        let mut policy = RetryPolicy::new()
            .strategy(strategy)
            .factor(factor)
            .base(base)
            .cap(cap);
        policy.jitter = jitter;
        let bound = match strategy {
            Strategy::Delays(all) => {
                let longest = all.iter().max().copied().unwrap_or_default();
                // A list has no cap: a ratio adds to its delays.
                let most = if matches!(jitter, Some(Jitter::Ratio(_))) { 2.0 } else { 1.0 };
                longest.max(scale(longest, most))
            }
            _ => cap,
        };
        prop_assert!(policy.spread_own(asked, previous).high <= cap);
        let spread = policy.spread(n, previous);
        prop_assert!(spread.low <= spread.high && spread.high <= bound);
        let drawn = spread.draw();
        prop_assert!(spread.low <= drawn && drawn <= spread.high);
        // Without jitter no delay is shorter than the one before it, but by the list.
        if jitter == Some(Jitter::None) && !matches!(strategy, Strategy::Delays(_)) && n > 1 {
            prop_assert!(policy.spread(n - 1, None).high <= spread.high);
        }
        if let Some(asked_for) = policy.asked(asked) {
            prop_assert_eq!(asked_for.low, asked);
            prop_assert!(asked_for.draw() >= asked);
            prop_assert!(asked_for.high <= asked.saturating_add(asked / 10));
            let delay = longer(spread, Some(asked_for));
            prop_assert!(delay >= asked && delay >= spread.low);
            prop_assert!(delay <= spread.high.max(asked_for.high));
        } else {
            prop_assert!(asked > cap);
        }
    }

    #[test]
    fn a_scaled_duration_is_in_order_with_its_factor(
        d in durations(),
        (a, b) in (floats(), floats()),
    ) {
        let (a, b) = (a.abs().min(b.abs()), a.abs().max(b.abs()));
        if !a.is_nan() && !b.is_nan() && !d.is_zero() {
            prop_assert!(scale(d, a) <= scale(d, b));
        }
    }
}
