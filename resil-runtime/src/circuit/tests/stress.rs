//! Many threads at once. What they do is random; what must hold afterwards is not.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use crate::circuit::breaker::BreakerCore;
use crate::circuit::policy::{CircuitPolicy, Window};
use crate::circuit::verdict::CircuitVerdict;
use crate::circuit::window::counted::CountedWindow;
use crate::event::circuit_state::CircuitState;
use CircuitVerdict::{Failure, Neutral, Success};

const THREADS: u32 = 4;

fn still() -> u64 {
    1 << 34
}

/// A core by that policy.
fn core(policy: CircuitPolicy) -> BreakerCore {
    let core = BreakerCore::new("stress");
    core.adopt(&policy, "stress", still).unwrap();
    core
}

/// `times` calls on each of four threads, each with its number.
fn together(times: u32, call: impl Fn(u32) + Sync) {
    thread::scope(|s| {
        for t in 0..THREADS {
            let call = &call;
            s.spawn(move || (0..times).for_each(|i| call(i * THREADS + t)));
        }
    });
}

/// Something of `n` that has no pattern.
fn mixed(n: u32) -> u32 {
    (n ^ (n >> 15))
        .wrapping_mul(0x2c1b_3c6d)
        .rotate_left(13)
        .wrapping_mul(0x297a_2d39)
        >> 8
}

fn run(core: &BreakerCore, verdict: CircuitVerdict, clock: fn() -> u64) {
    if let Ok(stamp) = core.admit(clock)
        && !(verdict == Success && core.is_quiet())
    {
        core.record(stamp, verdict, clock);
    }
}

#[test]
fn counts_add_up_in_every_mode() {
    let each = 2_000;
    let total = u64::from(each * THREADS);
    let policy = CircuitPolicy::new().failure_rate(1.0);
    for window in [Window::Calls(10_000), Window::Time(Duration::from_secs(60))] {
        let core = core(policy.window(window).min_calls(10_000));
        together(each, |n| {
            run(&core, if n % 4 == 0 { Failure } else { Success }, still);
        });
        let counts = core.counts(still);
        assert_eq!((counts.calls, counts.failures), (total, total / 4));
    }
    let core = core(CircuitPolicy::new().failures(u32::try_from(total).unwrap() + 1));
    together(each, |_| run(&core, Failure, still));
    assert_eq!(u64::from(core.counts(still).failures_in_a_row), total);
    run(&core, Failure, still);
    assert_eq!(core.state(), CircuitState::Open);
}

#[test]
fn it_opens_with_the_very_failure_that_reaches_the_rule() {
    for round in 0..50 {
        let core = core(CircuitPolicy::new().failures(400));
        together(100, |_| run(&core, Failure, still));
        assert_eq!(core.state(), CircuitState::Open, "round {round}");
        let by_rate = CircuitPolicy::new()
            .failure_rate(0.5)
            .window(Window::Calls(400));
        let core = self::core(by_rate);
        together(100, |n| {
            run(&core, if n % 2 == 0 { Failure } else { Success }, still);
        });
        assert_eq!(core.state(), CircuitState::Open, "round {round}");
    }
}

/// The flag that lets successes write nothing and the failures in the window, against each other: a
/// failure that were left in a window taken for clean would never leave it.
#[test]
fn no_failure_is_left_in_a_quiet_window() {
    let policy = CircuitPolicy::new()
        .failure_rate(1.0)
        .window(Window::Calls(8));
    let core = core(policy);
    for round in 0..400 {
        together(50, |n| {
            let verdict = match mixed(n + round * 1_000) % 16 {
                0 => Failure,
                1 => Neutral,
                _ => Success,
            };
            run(&core, verdict, still);
        });
        assert_eq!(core.state(), CircuitState::Closed);
        let failures = core.counts(still).failures;
        assert!(
            failures == 0 || !core.is_quiet(),
            "round {round}: {failures}"
        );
        (0..8).for_each(|_| run(&core, Success, still));
        assert_eq!(core.counts(still).failures, 0, "round {round}");
        assert!(core.is_quiet(), "round {round}");
    }
}

#[test]
fn failures_are_the_set_bits_through_changes_of_generation() {
    let window = CountedWindow::new(40);
    let generation = AtomicU32::new(0);
    together(50_000, |n| {
        if mixed(n).is_multiple_of(100) {
            generation.fetch_add(1, SeqCst);
        }
        let mine = generation.load(SeqCst);
        if mixed(n) % 64 == 1 {
            thread::yield_now();
        }
        window.record(mine, mixed(n).is_multiple_of(3), || {
            generation.load(SeqCst) == mine
        });
    });
    let last = generation.load(SeqCst);
    for n in 0..20 {
        let tally = window.record(last, n % 2 == 0, || true).unwrap();
        assert_eq!(tally.failures, window.set_bits(last));
    }
}

static MOVING: AtomicU64 = AtomicU64::new(1 << 34);

fn moving() -> u64 {
    MOVING.load(SeqCst)
}

/// Trips, probes, failed probes and recoveries, all at once: never more calls in half-open than
/// there are places.
#[test]
fn d9_q15_never_more_probes_than_places() {
    const PROBES: u32 = 3;
    const COUNT: u64 = u32::MAX as u64;
    let core = core(
        CircuitPolicy::new()
            .failures(2)
            .probes(PROBES)
            .open_for(Duration::from_secs(1_000))
            .open_max(Duration::from_secs(1_000)),
    );
    // Each has the number of a generation, and how many of its probes are in flight.
    let in_flight: Vec<AtomicU64> = (0..4_096).map(|_| AtomicU64::new(0)).collect();
    let probed = AtomicU32::new(0);
    together(200_000, |n| {
        // One step of the clock at a time, and only from an open state: no probe is ever lost.
        let at = moving();
        if core.state() == CircuitState::Open {
            let _ = MOVING.compare_exchange(at, at + 400_000, SeqCst, SeqCst);
        }
        let Ok(stamp) = core.admit(moving) else {
            // Whoever holds the last place may be asleep, and the clock stands until it is back.
            thread::yield_now();
            return;
        };
        if stamp.is_probe() {
            probed.fetch_add(1, SeqCst);
            let slot = &in_flight[stamp.generation() as usize % in_flight.len()];
            let mine = u64::from(stamp.generation()) << 32;
            let entered = slot.fetch_update(SeqCst, SeqCst, |held| match held & !COUNT {
                of if of == mine => Some(held + 1),
                _ if held & COUNT == 0 => Some(mine + 1),
                // A thread has slept through so many generations with a probe of another one.
                _ => None,
            });
            if let Ok(before) = entered {
                let of_mine = before & !COUNT == mine;
                assert!(!of_mine || before & COUNT < PROBES.into());
            }
            thread::yield_now();
            if entered.is_ok() {
                slot.fetch_sub(1, SeqCst);
            }
        }
        let verdict = match mixed(n) % 5 {
            0 | 1 => Failure,
            2 => Neutral,
            _ => Success,
        };
        core.record(stamp, verdict, moving);
    });
    assert!(probed.load(SeqCst) > 1_000);
    assert_eq!(core.counts(moving).probes_out, 0, "a place is lost");
    // And it is not wedged.
    for _ in 0..20 {
        MOVING.fetch_add(2_000_000, SeqCst);
        run(&core, Success, moving);
    }
    assert_eq!(core.state(), CircuitState::Closed);
}

#[test]
fn the_hand_and_the_calls_do_not_get_in_each_others_way() {
    let policy = CircuitPolicy::new()
        .failure_rate(0.5)
        .window(Window::Calls(20))
        .failures(15)
        .open_for(Duration::from_millis(1));
    let core = core(policy);
    together(30_000, |n| {
        match mixed(n) % 500 {
            0 => core.reset(),
            1 => core.force_open(),
            2 | 3 => core.force_close(),
            4 => core.disable(),
            _ => {}
        }
        let verdict = if mixed(n).is_multiple_of(3) {
            Failure
        } else {
            Success
        };
        run(&core, verdict, crate::clock::now_ms);
    });
    core.reset();
    for _ in 0..20 {
        run(&core, Success, still);
    }
    let counts = core.counts(still);
    assert_eq!((counts.calls, counts.failures), (20, 0));
    for _ in 0..9 {
        run(&core, Failure, still);
    }
    assert_eq!(core.counts(still).failures, 9);
    run(&core, Failure, still);
    assert_eq!(core.state(), CircuitState::Open);
}
