//! The bound: in no span of time `t` are more than `burst + max·t/per` calls let in, whatever threads do.

use std::cell::Cell;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use proptest::prelude::*;

use crate::clock;
use crate::extremes::cases;
use crate::rate_limit::RateLimitPolicy;
use crate::rate_limit::limit::{Limit, Taken};

const THREADS: u64 = 8;

/// A call that was let in: the time that the rate limit went by, and what the call weighs.
pub(super) type Admission = (u64, u32);

/// How each thread calls: from cost 1 up to so much, until the time is up.
struct Load<C> {
    heaviest: u32,
    until: u64,
    clock: C,
}

/// Calls of one thread, as quick as it can.
fn calls(limit: &Limit, load: &Load<impl Fn() -> u64>, seed: u64) -> Vec<Admission> {
    let mut admitted = Vec::new();
    let read = Cell::new(0);
    let clock = || {
        read.set((load.clock)());
        read.get()
    };
    let mut random = seed;
    while read.get() < load.until {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let cost = u32::try_from(random >> 33).unwrap() % load.heaviest + 1;
        // The last time that was read is the one that let it in.
        if limit.take(cost, clock) == Taken::In || limit.enter(cost, clock, |_| None).is_ok() {
            admitted.push((read.get(), cost));
        }
    }
    admitted
}

fn by_threads(limit: &Limit, load: &Load<impl Fn() -> u64 + Sync>) -> Vec<Admission> {
    let start = Barrier::new(usize::try_from(THREADS).unwrap());
    let mut all = Vec::new();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|n| {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    calls(limit, load, n)
                })
            })
            .collect();
        for thread in threads {
            all.extend(thread.join().unwrap());
        }
    });
    all.sort_unstable();
    all
}

/// Returns by how much the worst span exceeds the bound, in calls times `per`; not above zero if the bound
/// holds for every span.
pub(super) fn excess(admitted: &[Admission], (max, per, burst): (u32, u64, u32)) -> i128 {
    let (max, per, burst) = (i128::from(max), i128::from(per), i128::from(burst));
    let mut before = 0_i128;
    // The least of `cost before i · per - max · time of i`, over the calls up to here.
    let mut least = i128::MAX;
    let mut worst = i128::MIN;
    for &(at, cost) in admitted {
        let at = i128::from(at);
        least = least.min(before * per - max * at);
        before += i128::from(cost);
        worst = worst.max(before * per - max * at - least);
    }
    worst - burst * per
}

#[test]
fn a_span_with_a_call_too_many_is_found() {
    // Two at once, and one more every 5 ns.
    let sound = [(10, 1), (10, 1), (15, 1), (20, 1), (40, 2)];
    assert_eq!(excess(&sound, (1, 5, 2)), 0);
    for at in [10, 14, 24, 41] {
        let mut more = sound.to_vec();
        more.push((at, 1));
        more.sort_unstable();
        assert!(excess(&more, (1, 5, 2)) > 0, "{at}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases().cases.min(200).div_ceil(8), ..cases() })]

    #[test]
    fn no_span_has_a_call_too_many(
        max in prop_oneof![1_u32..200, Just(999_983_u32)],
        per in prop_oneof![Just(1_000_000_u64), 1_u64..3_000_000],
        burst in 1_u32..50,
        heaviest in 1_u32..4,
    ) {
        let limit = Limit::new("bound");
        let policy = RateLimitPolicy::new().max(max).per(Duration::from_nanos(per));
        limit.adopt(&policy.burst(burst), "bound", clock::now_ns).unwrap();
        let until = clock::now_ns() + 3_000_000;
        let admitted = by_threads(&limit, &Load { heaviest, until, clock: clock::now_ns });
        prop_assert!(!admitted.is_empty());
        let worst = excess(&admitted, (max, per, burst));
        prop_assert!(worst <= 0, "{} calls too many", worst / i128::from(per) + 1);
    }
}

/// Calls of one thread until the time is up, as quick as it can, with the time that each is counted at: in the
/// units of the rate limit, from `start` on. A call that waits is counted at its turn, for which the thread does
/// not sleep. Some give their turn back.
fn waiting_calls(
    limit: &Limit,
    heaviest: u32,
    (start, until): (u64, u64),
    seed: u64,
) -> Vec<Admission> {
    let mut counted = Vec::new();
    let rules = limit.rules().unwrap();
    let read = Cell::new(0);
    let clock = || {
        read.set(clock::now_ns());
        read.get()
    };
    let from_start = |word: u64| word.wrapping_sub(rules.at(start));
    let mut random = seed;
    while read.get() < until {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let cost = u32::try_from(random >> 33).unwrap() % heaviest + 1;
        match limit.enter(cost, clock, |longest| longest) {
            Err(_) => {}
            Ok(None) => counted.push((from_start(rules.at(read.get())), cost)),
            Ok(Some(reserved)) if (random >> 40).is_multiple_of(8) => limit.give_back(reserved),
            Ok(Some(reserved)) => {
                let turn = from_start(rules.turn_of(reserved.word));
                // It sleeps to its turn, and for less than a nanosecond more.
                let wait = u64::try_from(reserved.turn_in().as_nanos()).unwrap();
                let wakes = from_start(rules.at(read.get() + wait));
                assert!(
                    turn <= wakes && wakes < turn + rules.scale(),
                    "{turn}, {wakes}"
                );
                counted.push((turn, cost));
            }
        }
    }
    counted
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases().cases.min(200).div_ceil(8), ..cases() })]

    #[test]
    fn no_span_has_a_turn_too_many(
        max in prop_oneof![1_u32..200, Just(65_521_u32)],
        per in prop_oneof![Just(1_000_000_u64), 1_u64..3_000_000],
        burst in 1_u32..50,
        heaviest in 1_u32..4,
        wait in 1_u64..300_000,
    ) {
        let limit = Limit::new("turns");
        let policy = RateLimitPolicy::new().max(max).per(Duration::from_nanos(per));
        let policy = policy.burst(burst).wait(Duration::from_nanos(wait));
        limit.adopt(&policy, "turns", clock::now_ns).unwrap();
        let limit = &limit;
        let start = clock::now_ns();
        let (begin, span) = (&Barrier::new(usize::try_from(THREADS).unwrap()), (start, start + 3_000_000));
        let mut counted = thread::scope(|scope| {
            let threads = (0..THREADS).map(|n| {
                scope.spawn(move || {
                    begin.wait();
                    waiting_calls(limit, heaviest, span, n)
                })
            });
            let threads: Vec<_> = threads.collect();
            let each = threads.into_iter().map(|thread| thread.join().unwrap());
            each.flatten().collect::<Vec<_>>()
        });
        counted.sort_unstable();
        prop_assert!(!counted.is_empty());
        let per = per * limit.rules().unwrap().scale();
        let worst = excess(&counted, (max, per, burst));
        prop_assert!(worst <= 0, "{} calls too many", worst / i128::from(per) + 1);
    }
}

/// It is not slower either. Here time goes on by a thousandth of a call's time with each look at it, so
/// that nothing depends on the machine.
#[test]
fn all_that_the_rate_gives_is_taken() {
    const START: u64 = 1 << 60;
    let time = AtomicU64::new(START);
    let clock = || time.fetch_add(10, Relaxed);
    let limit = Limit::new("rate");
    let policy = RateLimitPolicy::new()
        .max(1_000)
        .per(Duration::from_millis(10));
    limit.adopt(&policy.burst(100), "rate", clock).unwrap();
    let until = START + 5_000_000;
    let admitted = by_threads(
        &limit,
        &Load {
            heaviest: 1,
            until,
            clock,
        },
    );
    assert!(excess(&admitted, (1_000, 10_000_000, 100)) <= 0);
    let taken = admitted.len();
    assert!((595..=601).contains(&taken), "{taken} of 600");
}
