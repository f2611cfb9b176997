//! Settings that are replaced under calls: the bound of the looser ones holds all the time.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use proptest::prelude::*;

use super::bound::{Admission, excess};
use crate::clock;
use crate::extremes::cases;
use crate::rate_limit::RateLimitPolicy;
use crate::rate_limit::limit::{Limit, Reserved, Taken};

/// The time in which `max` calls come. Each of those here has a whole number of nanoseconds for one call.
const PER: u64 = 1_000_000;

#[derive(Clone, Copy, Debug)]
struct Numbers {
    max: u32,
    burst: u32,
    wait: Option<u64>,
}

fn numbers() -> impl Strategy<Value = Numbers> {
    let max = prop::sample::select(vec![1_u32, 2, 4, 5, 10, 100]);
    let wait = prop::option::of(0..PER * 8);
    (max, 1_u32..6, wait).prop_map(|(max, burst, wait)| Numbers { max, burst, wait })
}

impl Numbers {
    fn policy(self) -> RateLimitPolicy {
        let policy = RateLimitPolicy::new().max(self.max).burst(self.burst);
        let policy = policy.per(Duration::from_nanos(PER));
        match self.wait {
            Some(wait) => policy.wait(Duration::from_nanos(wait)),
            None => policy,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Op {
    /// A call, which waits if it may.
    Come {
        cost: u32,
    },
    /// A call that waits is dropped, if its turn has not come.
    Drop(usize),
    Pass {
        hundredths: u64,
    },
    Replace(Option<Numbers>),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        10 => (1_u32..3).prop_map(|cost| Op::Come { cost }),
        2 => any::<usize>().prop_map(Op::Drop),
        4 => (0_u64..150).prop_map(|hundredths| Op::Pass { hundredths }),
        2 => prop::option::of(numbers()).prop_map(Op::Replace),
    ]
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn no_span_has_a_call_too_many_for_the_looser_settings(
        written in numbers(),
        ops in prop::collection::vec(op(), 1..120),
    ) {
        let now = Cell::new(1_u64 << 60);
        let clock = || now.get();
        let limit = Limit::new("replaced");
        limit.adopt(&written.policy(), "replaced", clock).unwrap();
        let (mut max, mut burst) = (written.max, written.burst);
        let mut let_in: Vec<Admission> = Vec::new();
        let mut waiting: Vec<(u64, u32, Reserved)> = Vec::new();
        let mut last_turn = 0;
        for op in ops {
            match op {
                Op::Come { cost } => match limit.enter(cost, clock, |longest| longest) {
                    Err(_) => {}
                    Ok(None) => {
                        prop_assert!(now.get() >= last_turn, "it is before those that wait");
                        let_in.push((now.get(), cost));
                    }
                    Ok(Some(reserved)) => {
                        let turn = now.get() + u64::try_from(reserved.turn_in().as_nanos()).unwrap();
                        waiting.push((turn, cost, reserved));
                    }
                },
                Op::Drop(which) if !waiting.is_empty() => {
                    let (turn, cost, reserved) = waiting.swap_remove(which % waiting.len());
                    if turn > now.get() {
                        limit.give_back(reserved);
                    } else {
                        let_in.push((turn, cost));
                    }
                }
                Op::Drop(_) => {}
                Op::Pass { hundredths } => now.set(now.get() + PER * hundredths / 100),
                Op::Replace(numbers) => {
                    if let Some(numbers) = numbers {
                        (max, burst) = (max.max(numbers.max), burst.max(numbers.burst));
                    }
                    let policy = numbers.map(Numbers::policy);
                    limit.replace(policy.as_ref(), clock);
                }
            }
            last_turn = waiting.iter().map(|(turn, ..)| *turn).max().unwrap_or(0);
        }
        let_in.extend(waiting.into_iter().map(|(turn, cost, _)| (turn, cost)));
        let_in.sort_unstable();
        prop_assume!(!let_in.is_empty());
        let worst = excess(&let_in, (max, PER, burst));
        prop_assert!(worst <= 0, "{} calls too many", worst / i128::from(PER) + 1);
    }
}

/// So many calls are left when the threads begin; until the end of the test no other one comes.
const LEFT: u32 = 500_000;

fn burst(burst: u32) -> RateLimitPolicy {
    let policy = RateLimitPolicy::new().max(1).burst(burst);
    policy.per(Duration::from_secs(3_600))
}

/// Returns how many calls threads were let in by `take`, while `change` was called again and again.
fn let_in_while(take: impl Fn() -> bool + Sync, change: impl Fn(u32)) -> u32 {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let calls = || {
            let mut taken = 0_u32;
            while !done.load(Relaxed) {
                if take() {
                    taken += 1;
                } else {
                    thread::yield_now();
                }
            }
            taken
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(calls)).collect();
        for n in 2..2_000 {
            change(LEFT + n);
        }
        done.store(true, Relaxed);
        let each = threads.into_iter().map(|thread| thread.join().unwrap());
        each.sum()
    })
}

fn is_let_in(limit: &Limit) -> bool {
    limit.take(1, clock::now_ns) == Taken::In || limit.enter(1, clock::now_ns, |_| None).is_ok()
}

/// Calls that come while the settings change are counted by those that come after.
#[test]
fn under_calls_no_burst_comes_back() {
    let limit = &Limit::new("replaced-under-calls");
    limit
        .adopt(&burst(LEFT + 1), "test", clock::now_ns)
        .unwrap();
    assert!(is_let_in(limit));
    let taken = let_in_while(
        || is_let_in(limit),
        |more| {
            limit.replace(Some(&burst(more)), clock::now_ns);
            limit.replace(None, clock::now_ns);
        },
    );
    assert_eq!(taken + limit.available(clock::now_ns), LEFT);
}

/// Of those that come for a key first after a change, one makes its new settings.
#[test]
fn under_calls_a_key_follows_its_name_once() {
    let base = &Limit::new("replaced-of-a-key");
    base.adopt(&burst(LEFT + 1), "test", clock::now_ns).unwrap();
    let key = &Limit::keyed(base, "key".into());
    let come = || {
        key.adopt_of(base, clock::now_ns);
        is_let_in(key)
    };
    assert!(come());
    let taken = let_in_while(come, |more| {
        base.replace(Some(&burst(more)), clock::now_ns);
        base.replace(None, clock::now_ns);
    });
    key.adopt_of(base, clock::now_ns);
    assert_eq!(key.settings(), base.settings());
    assert_eq!(taken + key.available(clock::now_ns), LEFT);
}
