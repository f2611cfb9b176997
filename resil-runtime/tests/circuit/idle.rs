//! Nobody calls for a long time: what holds after an hour holds after a year. Every time is tried in
//! every state and with every kind of window, so that a clock which is folded into few bits would
//! show where it begins anew.

use std::time::Duration;

use resil_runtime::circuit::{CircuitPolicy, CircuitState, Window};
use resil_runtime::{Breaker, clock};
use tokio::time::advance;

use super::{made, ms, play, retry_in, secs};
use CircuitState::{Closed, Disabled, ForcedOpen, HalfOpen, Open};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Whole numbers, and the powers of two that clocks are cut at.
fn idle_times() -> impl Iterator<Item = Duration> {
    let of_people = [
        HOUR,
        70 * MINUTE,
        2 * HOUR,
        DAY,
        3 * DAY,
        30 * DAY,
        400 * DAY,
    ];
    let of_clocks = (12..=36).flat_map(|bits| [ms((1 << bits) - 1), ms(1 << bits)]);
    of_people.into_iter().map(secs).chain(of_clocks)
}

/// As long as openings may sensibly be set to.
const OPEN_FOR: [Duration; 8] = [
    ms(1),
    secs(30),
    secs(69 * MINUTE),
    secs(71 * MINUTE),
    secs(DAY),
    secs(3 * DAY),
    secs(30 * DAY),
    secs(400 * DAY),
];

/// On a clock of its own: the times of all cases together are more than a process lives.
fn alone(case: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build();
    // Milliseconds are counted from the first that somebody asks for: not from a year to come.
    clock::now_ms();
    runtime.unwrap().block_on(case);
}

/// Each of `what` with each of the idle times, under a name for both.
fn with_each<T: Copy, F: Future<Output = ()>>(
    what: impl IntoIterator<Item = T>,
    name: &str,
    case: impl Fn(T, Duration, String) -> F,
) {
    for (i, what) in what.into_iter().enumerate() {
        for (k, idle) in idle_times().enumerate() {
            alone(case(what, idle, format!("{name}.{i}.{k}")));
        }
    }
}

/// A breaker by that name that opens at the first failure, without growth.
fn opens_for(name: &str, time: Duration) -> Breaker {
    let policy = CircuitPolicy::new().failures(1);
    made(name, policy.open_for(time).open_max(time))
}

/// Waits until a probe may run, to the millisecond.
async fn wait_out(b: Breaker) {
    advance(retry_in(b).unwrap().saturating_sub(ms(1))).await;
    play(b, "X");
    advance(ms(1)).await;
}

#[test]
fn d4_a_hung_probe_has_its_place_for_open_for_and_never_again() {
    with_each(OPEN_FOR, "idle.hung", async |open_for, idle, name| {
        let b = opens_for(&name, open_for);
        play(b, "F");
        wait_out(b).await;
        let _hung = b.try_acquire().unwrap();
        advance(idle).await;
        if idle < open_for {
            play(b, "X");
            advance(open_for.saturating_sub(idle)).await;
        }
        assert_eq!(b.state(), HalfOpen);
        play(b, "S");
        assert_eq!(b.state(), Closed, "{open_for:?} {idle:?}");
    });
}

#[test]
fn d4_a_hung_probe_has_its_place_no_longer_where_one_asks_again_and_again() {
    // Not the one of a millisecond, of which the clock sees no tenth.
    for open_for in OPEN_FOR.into_iter().skip(1) {
        alone(async {
            let b = opens_for(&format!("idle.asked.{open_for:?}"), open_for);
            play(b, "F");
            wait_out(b).await;
            let _hung = b.try_acquire().unwrap();
            for _ in 0..10 {
                play(b, "X");
                advance(open_for / 10).await;
            }
            play(b, "S");
            assert_eq!(b.state(), Closed, "{open_for:?}");
        });
    }
}

#[tokio::test(start_paused = true)]
async fn one_probe_after_the_other_hangs_and_the_next_is_let_in_all_the_same() {
    let b = opens_for("idle.hung.again", secs(30));
    play(b, "F");
    advance(secs(36)).await;
    for idle in idle_times() {
        std::mem::forget(b.try_acquire().unwrap());
        play(b, "X");
        advance(idle.max(secs(30))).await;
    }
    play(b, "S");
    assert_eq!(b.state(), Closed);
}

#[test]
fn an_open_one_refuses_for_its_time_and_then_probes_however_late() {
    with_each(OPEN_FOR, "idle.open", async |open_for, idle, name| {
        let b = opens_for(&name, open_for);
        play(b, "F");
        let until = retry_in(b).unwrap();
        assert!(until >= open_for && until <= open_for + open_for / 5);
        advance(idle).await;
        if idle < until {
            assert_eq!(retry_in(b), Some(until.saturating_sub(idle)));
            assert_eq!(b.state(), Open);
            wait_out(b).await;
        }
        assert_eq!(b.state(), HalfOpen);
        play(b, "F X");
        assert_eq!(b.state(), Open);
    });
}

/// `open_max` of ten times an `open_for` of days.
#[tokio::test(start_paused = true)]
async fn an_opening_grows_from_days_to_months() {
    let b = made(
        "idle.growth",
        CircuitPolicy::new().failures(1).open_for(secs(9 * DAY)),
    );
    play(b, "F");
    for days in [9, 18, 36, 72, 90, 90] {
        let wait = retry_in(b).unwrap();
        let least = secs(days * DAY);
        assert!(
            wait >= least && wait <= least + least / 5,
            "{days} {wait:?}"
        );
        wait_out(b).await;
        play(b, "F");
    }
}

#[test]
fn what_is_held_by_hand_is_held() {
    with_each([()], "idle.hand", async |(), idle, name| {
        let off = opens_for(&format!("{name}.off"), secs(1));
        let held = opens_for(&format!("{name}.held"), secs(1));
        off.disable();
        held.force_open();
        advance(idle).await;
        play(off, "FF");
        play(held, "X");
        assert_eq!((off.state(), held.state()), (Disabled, ForcedOpen));
    });
}

/// Failures in a row and counted windows know no time.
#[test]
fn what_counts_calls_forgets_nothing() {
    let rate = CircuitPolicy::new().failure_rate(0.5);
    let policies = [
        (CircuitPolicy::new().failures(3), "FF"),
        (rate.window(Window::Calls(4)), "FSS"),
    ];
    with_each(
        policies,
        "idle.calls",
        async |(policy, before), idle, name| {
            let b = made(&name, policy);
            play(b, before);
            let counts = b.counts();
            advance(idle).await;
            assert_eq!(b.counts(), counts);
            assert_eq!(b.state(), Closed);
            play(b, "F X");
        },
    );
}

const WINDOWS: [Duration; 7] = [
    ms(100),
    ms(1_599),
    secs(2),
    secs(HOUR),
    secs(3 * DAY),
    secs(30 * DAY),
    secs(400 * DAY),
];

/// "An outcome leaves between 0.9 and 1 window after it came": all is there before, nothing after.
#[test]
fn what_counts_time_forgets_all_after_a_window_and_nothing_before() {
    with_each(WINDOWS, "idle.time", async |window, idle, name| {
        let policy = CircuitPolicy::new().failure_rate(0.5).min_calls(4);
        let b = made(&name, policy.window(Window::Time(window)));
        play(b, "FFS");
        advance(idle).await;
        let counts = b.counts();
        let is = (counts.calls, counts.failures);
        if idle >= window {
            assert_eq!(is, (0, 0), "{window:?} {idle:?}");
            play(b, "FSSSSSS");
            assert_eq!((b.counts().calls, b.counts().failures), (7, 1));
            assert_eq!(b.state(), Closed);
        } else if idle <= window * 9 / 10 {
            assert_eq!(is, (3, 2), "{window:?} {idle:?}");
            play(b, "F X");
        }
    });
}

/// The buckets of the shortest window begin anew last of all, after 2³² of them: not then either.
#[tokio::test(start_paused = true)]
async fn buckets_do_not_come_again() {
    let policy = CircuitPolicy::new().failure_rate(0.5).min_calls(2);
    let b = made("idle.buckets", policy.window(Window::Time(ms(100))));
    play(b, "SSF");
    advance(ms(10 << 32)).await;
    assert_eq!((b.counts().calls, b.counts().failures), (0, 0));
    play(b, "SF X");
}
