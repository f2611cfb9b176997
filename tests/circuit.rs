//! LANGUAGE.md, section 5, rule by rule, on paused time: what opens a breaker, what is neutral to
//! it, who shares it, and who is let in when it is half-open.
//!
//! Breakers live as long as the process, which all these tests share: each has names of its own.

#![allow(
    clippy::disallowed_methods,
    reason = "tests read the paused clock themselves"
)]

mod support;

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use resil::event::Event;
use resil::{
    CircuitState, Deadline, Error, breaker, circuit, idempotent, registry, retry, timeout,
};
use support::{Events, Fault, Record, ms, poll_once};
use tokio::time::{advance, sleep};

/// What the body is to do.
#[derive(Clone, Copy, Debug)]
enum Do {
    Succeed,
    Fail,
    Http(u16),
    Hang,
    Panic,
    /// Succeeds, or fails, after so many milliseconds.
    Slow(u64),
    SlowFail(u64),
}
use Do::{Fail, Hang, Http, Panic, Slow, SlowFail, Succeed};

async fn act(r: &Record, what: Do) -> Result<u32, Fault> {
    let n = r.attempt();
    match what {
        Succeed => Ok(n),
        Fail => Err(Fault::Network(n)),
        Http(status) => Err(Fault::Http(status)),
        Hang => pending().await,
        Panic => panic!("the body's own"),
        Slow(t) => {
            sleep(ms(t)).await;
            Ok(n)
        }
        SlowFail(t) => {
            sleep(ms(t)).await;
            Err(Fault::Network(n))
        }
    }
}

/// `.` success, `F` an error of the body, `T` a timeout, `X` refused by the circuit.
fn letter(out: &Result<u32, Fault>) -> char {
    match out {
        Ok(_) => '.',
        Err(Fault::Resil(Error::CircuitOpen { .. })) => 'X',
        Err(Fault::Resil(Error::Timeout { .. })) => 'T',
        Err(Fault::Resil(e)) => panic!("{e}"),
        Err(_) => 'F',
    }
}

/// Calls one after the other, as letters.
macro_rules! play {
    ($f:ident($r:expr), $what:expr; $n:expr) => {
        play!(@ $f($r), [$what; $n])
    };
    ($f:ident($r:expr), $($what:expr),+) => {
        play!(@ $f($r), [$($what),+])
    };
    (@ $f:ident($r:expr), $calls:expr) => {{
        let mut seen = String::new();
        for what in $calls {
            seen.push(letter(&$f($r, what).await));
        }
        seen
    }};
}

/// Past an opening of `ms`, jitter included.
async fn pass(open_for: u64) {
    advance(ms(open_for + open_for / 5)).await;
}

/// Polls once and drops.
async fn begin_and_drop(call: impl Future<Output = Result<u32, Fault>>) {
    assert!(poll_once(pin!(call)).await.is_pending());
}

fn state(name: &str) -> CircuitState {
    breaker(name).state()
}

// What trips.

#[tokio::test(start_paused = true)]
async fn seven_calls_at_75_percent_of_4_give_ffff_xxx_with_the_body_run_4_times() {
    #[circuit(failure_rate = 75%, window = 4, open_for = 50s)]
    async fn tck(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(tck(&r), Fail; 7), "FFFFXXX");
    assert_eq!(r.count(), 4);
}

#[tokio::test(start_paused = true)]
async fn five_in_a_row_trip_by_default_and_a_success_begins_anew() {
    #[circuit]
    async fn defaults(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(
        play!(defaults(&r), Fail, Fail, Fail, Fail, Succeed),
        "FFFF."
    );
    assert_eq!(play!(defaults(&r), Fail; 7), "FFFFFXX");
    // For thirty seconds, and up to a fifth more.
    advance(ms(29_999)).await;
    assert_eq!(play!(defaults(&r), Succeed), "X");
    advance(ms(6_001)).await;
    assert_eq!(play!(defaults(&r), Succeed, Fail), ".F");
}

#[tokio::test(start_paused = true)]
async fn a_success_that_fills_the_window_may_trip_it() {
    #[circuit(failure_rate = 50%, window = 4)]
    async fn filled(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(
        play!(filled(&r), Fail, Fail, Succeed, Succeed, Succeed),
        "FF..X"
    );
}

#[tokio::test(start_paused = true)]
async fn the_success_that_closed_the_circuit_is_not_part_of_the_next_window() {
    #[circuit(failure_rate = 50%, window = 4, open_for = 1s)]
    async fn closing(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(closing(&r), Fail, Fail, Fail, Fail, Succeed), "FFFFX");
    pass(1_000).await;
    assert_eq!(play!(closing(&r), Succeed), ".");
    // Were it part of it, the third of these would fill the window with two failures of four.
    assert_eq!(
        play!(closing(&r), Fail, Fail, Succeed, Succeed, Succeed),
        "FF..X"
    );
}

#[tokio::test(start_paused = true)]
async fn d13_the_window_is_the_last_calls_and_not_all() {
    #[circuit(failure_rate = 50%, window = 10)]
    async fn last_ten(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    for _ in 0..10_000 {
        last_ten(&r, Succeed).await.unwrap();
    }
    assert_eq!(play!(last_ten(&r), Fail; 7), "FFFFFXX");
}

#[tokio::test(start_paused = true)]
async fn either_rule_trips_and_min_calls_holds_the_rate_back() {
    #[circuit(
        name = "either",
        failures = 3,
        failure_rate = 0.5,
        window = 100,
        min_calls = 6
    )]
    async fn either(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(either(&r), Fail, Fail, Fail, Fail), "FFFX");
    breaker("either").reset();
    assert_eq!(
        play!(
            either(&r),
            Fail,
            Succeed,
            Fail,
            Succeed,
            Fail,
            Succeed,
            Fail
        ),
        "F.F.F.X"
    );
}

#[tokio::test(start_paused = true)]
async fn a_window_of_time_forgets() {
    #[circuit(failure_rate = 50%, window = 10s, min_calls = 4)]
    async fn ten_seconds(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(ten_seconds(&r), Fail, Fail, Fail), "FFF");
    advance(ms(10_000)).await;
    assert_eq!(play!(ten_seconds(&r), Fail, Fail, Fail), "FFF");
    advance(ms(8_000)).await;
    assert_eq!(play!(ten_seconds(&r), Fail, Fail), "FX");
}

#[tokio::test(start_paused = true)]
async fn constants_of_every_kind() {
    const CALLS: u32 = 4;
    const SPAN: Duration = Duration::from_secs(2);
    const RATE: f64 = 0.75;
    trait Limits {
        const FAILURES: u32;
    }
    struct Two;
    impl Limits for Two {
        const FAILURES: u32 = 2;
    }
    #[circuit(failure_rate = RATE, window = CALLS)]
    async fn by_calls(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[circuit(failure_rate = RATE, window = SPAN, min_calls = CALLS - 1)]
    async fn by_time(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[circuit(failures = L::FAILURES)]
    async fn by_generic<L: Limits>(r: &Record, what: Do, _: L) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(by_calls(&r), Fail; 5), "FFFFX");
    assert_eq!(play!(by_time(&r), Fail; 4), "FFFX");
    let mut seen = String::new();
    for _ in 0..3 {
        seen.push(letter(&by_generic(&r, Fail, Two).await));
    }
    assert_eq!(seen, "FFX");
}

// What is a failure, what a success, what neither.

#[tokio::test(start_paused = true)]
async fn d11_three_calls_cut_by_an_outer_timeout_open_failures_3() {
    #[timeout(1s)]
    #[circuit(name = "d11", failures = 3)]
    async fn outer_limit(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(outer_limit(&r), Hang; 5), "TTTXX");
    assert_eq!((r.count(), r.elapsed()), (3, 3_000));
    assert_eq!(state("d11"), CircuitState::Open);
}

#[tokio::test(start_paused = true)]
async fn d11_a_call_that_its_caller_drops_is_neutral() {
    #[timeout(1s)]
    #[circuit(name = "d11-dropped", failures = 3)]
    #[timeout(500ms)]
    async fn dropped(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[timeout(100ms)]
    async fn caller(r: &Record) -> Result<u32, Fault> {
        dropped(r, Hang).await
    }
    let r = Record::new();
    assert_eq!(play!(dropped(&r), Fail, Fail), "FF");
    for _ in 0..5 {
        begin_and_drop(dropped(&r, Hang)).await;
        assert!(
            tokio::time::timeout(ms(10), dropped(&r, Hang))
                .await
                .is_err()
        );
        // Another function's timeout.
        assert_eq!(letter(&caller(&r).await), 'T');
    }
    assert_eq!(breaker("d11-dropped").counts().failures_in_a_row, 2);
    assert_eq!(play!(dropped(&r), Hang, Fail), "TX");
}

#[tokio::test(start_paused = true)]
async fn a_timeout_below_is_a_failure_unless_the_callers_own_shorter_deadline_cut_it() {
    #[circuit(name = "inner-limit", failures = 2)]
    #[timeout(1s)]
    async fn inner_limit(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[timeout(1s)]
    #[circuit(name = "outer-limit", failures = 2)]
    async fn outer_limit(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    for _ in 0..5 {
        let hurried = Deadline::after(ms(50)).scope(inner_limit(&r, Hang));
        assert_eq!(letter(&hurried.await), 'T');
        let hurried = Deadline::after(ms(50)).scope(outer_limit(&r, Hang));
        assert_eq!(letter(&hurried.await), 'T');
    }
    assert_eq!(r.elapsed(), 500);
    assert_eq!(play!(inner_limit(&r), Hang; 4), "TTXX");
    assert_eq!(play!(outer_limit(&r), Hang; 4), "TTXX");
}

#[tokio::test(start_paused = true)]
async fn the_callers_deadline_is_neutral_in_a_task_of_its_own_too() {
    #[circuit(name = "spawned", failures = 1)]
    #[timeout(1s)]
    async fn spawned(r: Record, what: Do) -> Result<u32, Fault> {
        act(&r, what).await
    }
    #[timeout(50ms)]
    async fn caller(r: Record) -> Result<u32, Fault> {
        resil::spawn(spawned(r, Hang)).await.unwrap()
    }
    let r = Record::new();
    assert_eq!(letter(&caller(r.clone()).await), 'T');
    sleep(ms(10)).await;
    assert_eq!((r.count(), r.elapsed()), (1, 60));
    assert_eq!(state("spawned"), CircuitState::Closed);
    assert_eq!(letter(&spawned(r.clone(), Hang).await), 'T');
    assert_eq!(state("spawned"), CircuitState::Open);
}

#[tokio::test(start_paused = true)]
async fn a_panic_counts_as_failure_and_goes_on() {
    #[circuit(name = "panics", failures = 2)]
    async fn panics(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    for _ in 0..2 {
        let mut call = Box::pin(panics(&r, Panic));
        let mut cx = Context::from_waker(Waker::noop());
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let _ = call.as_mut().poll(&mut cx);
        }));
        assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"the body's own"));
    }
    assert_eq!(play!(panics(&r), Succeed), "X");
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_caller_is_neutral() {
    #[circuit(name = "callers-panic", failures = 1)]
    async fn suspended(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    let caller = tokio::spawn({
        let r = r.clone();
        async move {
            let mut call = pin!(suspended(&r, Hang));
            assert!(poll_once(call.as_mut()).await.is_pending());
            panic!("the caller's");
        }
    });
    assert!(caller.await.unwrap_err().is_panic());
    assert_eq!(play!(suspended(&r), Succeed), ".");
}

#[tokio::test(start_paused = true)]
async fn on_decides_alone_over_timeouts_too() {
    #[circuit(failures = 2, on(Fault::Http(500..=599)))]
    #[timeout(1s)]
    async fn server_errors(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[circuit(failures = 2, on(Fault::Resil(Error::Timeout { .. }) | Fault::Http(429)))]
    #[timeout(1s)]
    async fn timeouts(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    // Others are successes: they begin the row anew.
    assert_eq!(
        play!(
            server_errors(&r),
            Http(500),
            Http(404),
            Http(500),
            Hang,
            Http(500),
            Fail
        ),
        "FFFTFF"
    );
    assert_eq!(
        play!(server_errors(&r), Http(500), Http(599), Succeed),
        "FFX"
    );
    assert_eq!(play!(timeouts(&r), Hang, Fail, Hang, Succeed), "TFT.");
    assert_eq!(play!(timeouts(&r), Hang, Http(429), Succeed), "TFX");
}

#[tokio::test(start_paused = true)]
async fn ignore_is_neutral_and_wins_over_on() {
    #[circuit(failures = 2, ignore(Fault::Http(404)))]
    async fn ignores(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[circuit(failures = 2, on(Fault::Http(s) if *s >= 400), ignore(Fault::Http(404 | 410)))]
    async fn both(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[circuit(failures = 2, ignore(e if matches!(e, Fault::Resil(_))))]
    #[timeout(1s)]
    async fn not_ours(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    // Neither success nor failure: the row goes on over it.
    assert_eq!(
        play!(ignores(&r), Fail, Http(404), Http(404), Fail, Fail),
        "FFFFX"
    );
    assert_eq!(play!(both(&r), Http(404), Http(404), Http(410)), "FFF");
    assert_eq!(play!(both(&r), Http(400), Fail, Http(500)), "FFF");
    assert_eq!(play!(both(&r), Http(404), Http(400), Succeed), "FFX");
    assert_eq!(play!(not_ours(&r), Fail, Hang, Hang, Fail, Hang), "FTTFX");
}

#[tokio::test(start_paused = true)]
async fn idempotency_refusals_and_replays_below_are_neutral() {
    #[circuit(name = "over-claims", failures = 2, open_for = 1s)]
    #[idempotent(key = k)]
    async fn over_claims(r: &Record, k: &str, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    over_claims(&r, "done", Succeed).await.unwrap();
    assert!(over_claims(&r, "a", Fail).await.is_err());
    // A replay is no success: it does not begin the row anew. A refusal is no failure.
    for _ in 0..3 {
        over_claims(&r, "done", Fail).await.unwrap();
        let refused = over_claims(&r, "", Fail).await;
        assert!(matches!(refused, Err(Fault::Resil(Error::Idempotency(_)))));
    }
    assert_eq!(breaker("over-claims").counts().failures_in_a_row, 1);
    assert!(over_claims(&r, "b", Fail).await.is_err());
    assert_eq!(letter(&over_claims(&r, "done", Fail).await), 'X');
    // Nor does it close the circuit.
    pass(1_000).await;
    over_claims(&r, "done", Fail).await.unwrap();
    assert_eq!(state("over-claims"), CircuitState::HalfOpen);
    over_claims(&r, "new", Succeed).await.unwrap();
    assert_eq!(state("over-claims"), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_another_call_with_the_same_key_is_neutral() {
    #[timeout(limit)]
    #[circuit(name = "over-waiters", failures = 1)]
    #[idempotent(key = "the one")]
    async fn over_waiters(r: &Record, limit: Duration) -> Result<u32, Fault> {
        act(r, Slow(5_000)).await
    }
    let r = Record::new();
    let mut owner = pin!(over_waiters(&r, ms(60_000)));
    assert!(poll_once(owner.as_mut()).await.is_pending());
    let out = over_waiters(&r, ms(1_000)).await;
    assert!(matches!(out, Err(Fault::Resil(Error::Idempotency(_)))));
    begin_and_drop(over_waiters(&r, ms(60_000))).await;
    assert_eq!(state("over-waiters"), CircuitState::Closed);
    assert_eq!(owner.await, Ok(1));
}

// The refusal.

#[tokio::test(start_paused = true)]
async fn d15_a_refused_call_runs_no_body_and_says_when_to_come_again() {
    #[circuit(name = "d15", failures = 1, open_for = 10s)]
    #[timeout({ r.attempt(); ms(1_000) })]
    async fn refused(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    let events = Events::of("d15");
    assert_eq!(play!(refused(&r), Fail), "F");
    let ran = r.count();
    for _ in 0..1_000 {
        let Err(Fault::Resil(e)) = refused(&r, Succeed).await else {
            panic!("not refused");
        };
        let Error::CircuitOpen { name, retry_in, .. } = e.clone() else {
            panic!("{e}");
        };
        assert_eq!((name, retry_in), ("d15", e.retry_after()));
        assert!(
            (ms(10_000)..=ms(12_000)).contains(&retry_in.unwrap()),
            "{e}"
        );
    }
    assert_eq!(r.count(), ran, "nothing below it ran");
    advance(ms(4_000)).await;
    let Err(Fault::Resil(e)) = refused(&r, Succeed).await else {
        panic!("not refused");
    };
    let left = e.retry_after().unwrap();
    assert!((ms(6_000)..=ms(8_000)).contains(&left), "{left:?}");
    assert!(e.to_string().starts_with("circuit `d15` is open"), "{e}");
    // What it says is when it is so.
    advance(left.checked_sub(ms(1)).unwrap()).await;
    assert_eq!(play!(refused(&r), Succeed), "X");
    advance(ms(1)).await;
    assert_eq!(play!(refused(&r), Succeed), ".");
    let of = |want: fn(&Event) -> bool| events.all().iter().filter(|e| want(e)).count();
    assert_eq!(of(|e| matches!(e, Event::CircuitRefused { .. })), 1_002);
    assert_eq!(of(|e| matches!(e, Event::CircuitChanged { .. })), 3);
}

#[tokio::test(start_paused = true)]
async fn without_a_name_it_is_called_by_its_function() {
    #[circuit(failures = 1)]
    async fn nameless(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    let _ = nameless(&r, Fail).await;
    let Err(Fault::Resil(Error::CircuitOpen { name, .. })) = nameless(&r, Fail).await else {
        panic!("not refused");
    };
    assert_eq!(name, "circuit::nameless");
    assert_eq!(state("circuit::nameless"), CircuitState::Open);
    assert!(registry().snapshot().iter().any(|b| b.name == name));
}

#[tokio::test(start_paused = true)]
async fn the_hand_holds_over_the_attribute() {
    #[circuit(name = "by-hand", failures = 1)]
    async fn by_hand(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    let b = breaker("by-hand");
    b.force_open();
    let Err(Fault::Resil(Error::CircuitOpen { retry_in: None, .. })) = by_hand(&r, Succeed).await
    else {
        panic!("not refused");
    };
    b.disable();
    assert_eq!(play!(by_hand(&r), Fail; 9), "FFFFFFFFF");
    b.force_close();
    assert_eq!(play!(by_hand(&r), Fail, Fail), "FX");
    b.reset();
    assert_eq!(play!(by_hand(&r), Succeed, Fail, Fail), ".FX");
}

// Who shares it.

mod north {
    use super::{Do, Fault, Record, act, circuit};
    #[circuit(name = "d23", failures = 2, open_for = 1s)]
    pub(super) async fn call(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[circuit(name = "d23-clash", failures = 2)]
    pub(super) async fn first(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
}
mod south {
    use super::{Do, Fault, Record, act, circuit};
    // A default written out is no difference.
    #[circuit(name = "d23", failures = 2, open_for = 1s, probes = 1)]
    pub(super) async fn call(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[circuit(name = "d23-clash", failures = 9)]
    pub(super) async fn second(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
}

#[tokio::test(start_paused = true)]
async fn d23_one_name_in_two_modules_is_one_breaker() {
    let r = Record::new();
    assert_eq!(letter(&north::call(&r, Fail).await), 'F');
    assert_eq!(letter(&south::call(&r, Fail).await), 'F');
    assert_eq!(letter(&north::call(&r, Succeed).await), 'X');
    assert_eq!(letter(&south::call(&r, Succeed).await), 'X');
    pass(1_000).await;
    assert_eq!(letter(&south::call(&r, Succeed).await), '.');
    assert_eq!(letter(&north::call(&r, Succeed).await), '.');
    let clashes = registry().conflicts();
    assert!(clashes.iter().all(|c| c.name != "d23"), "{clashes:?}");
}

#[tokio::test(start_paused = true)]
async fn d23_two_that_set_differently_the_first_registered_wins_and_the_clash_is_told() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    let _listening = resil::event::subscribe(move |e| {
        if let Event::CircuitConflict { name, function, .. } = e
            && *name == "d23-clash"
        {
            sink.lock().unwrap().push(*function);
        }
    });
    let r = Record::new();
    assert_eq!(letter(&north::first(&r, Succeed).await), '.');
    assert_eq!(letter(&south::second(&r, Fail).await), 'F');
    assert_eq!(letter(&south::second(&r, Fail).await), 'F');
    assert_eq!(letter(&south::second(&r, Fail).await), 'X');
    let clashes: Vec<_> = registry()
        .conflicts()
        .into_iter()
        .filter(|c| c.name == "d23-clash")
        .map(|c| (c.used, c.ignored))
        .collect();
    let (used, ignored) = ("circuit::north::first", "circuit::south::second");
    assert_eq!(clashes, [(used, ignored)]);
    assert_eq!(*told.lock().unwrap(), [ignored]);
}

#[tokio::test(start_paused = true)]
async fn a_function_with_only_the_name_uses_what_another_one_sets() {
    #[circuit(name = "adopted")]
    async fn only_name(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[circuit(name = "adopted", failures = 2)]
    async fn with_settings(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    // Until then on the defaults, five in a row.
    assert_eq!(play!(only_name(&r), Fail; 4), "FFFF");
    assert_eq!(play!(with_settings(&r), Succeed), ".");
    assert_eq!(play!(only_name(&r), Fail; 3), "FFX");
    assert!(registry().conflicts().iter().all(|c| c.name != "adopted"));
}

#[tokio::test(start_paused = true)]
async fn all_instances_of_a_generic_function_share_one_breaker() {
    #[circuit(failures = 2)]
    async fn generic<T: Sync, const N: usize>(r: &Record, _: &[T; N]) -> Result<u32, Fault> {
        act(r, Fail).await
    }
    let r = Record::new();
    assert_eq!(letter(&generic(&r, &[1_u8]).await), 'F');
    assert_eq!(letter(&generic(&r, &["x", "y"]).await), 'F');
    assert_eq!(letter(&generic(&r, &[1_u64; 3]).await), 'X');
}

/// Methods of one path and one line.
macro_rules! clients {
    ($($client:ident)*) => {$(
        struct $client;
        impl $client {
            #[circuit(failures = 1)]
            async fn ask(&self, r: &Record, what: Do) -> Result<u32, Fault> {
                act(r, what).await
            }
        }
    )*};
}
clients!(Here There);

#[tokio::test(start_paused = true)]
async fn functions_that_one_macro_made_share_nothing() {
    let r = Record::new();
    assert_eq!(letter(&Here.ask(&r, Fail).await), 'F');
    assert_eq!(letter(&Here.ask(&r, Fail).await), 'X');
    assert_eq!(letter(&There.ask(&r, Succeed).await), '.');
}

#[tokio::test(start_paused = true)]
async fn two_functions_without_a_name_share_nothing() {
    struct Client;
    impl Client {
        #[circuit(failures = 1)]
        async fn get(&self, r: &Record) -> Result<u32, Fault> {
            act(r, Fail).await
        }
    }
    struct Other;
    impl Other {
        #[circuit(failures = 1)]
        async fn get(&self, r: &Record) -> Result<u32, Fault> {
            act(r, Succeed).await
        }
    }
    let r = Record::new();
    assert_eq!(letter(&Client.get(&r).await), 'F');
    // Another client, the same site.
    assert_eq!(letter(&Client.get(&r).await), 'X');
    assert_eq!(letter(&Other.get(&r).await), '.');
    // Shown with its line where two read the same.
    let all = registry().snapshot();
    let mut names = all.iter().map(|b| b.name);
    assert!(names.any(|n| n == "circuit::get"));
    assert!(names.any(|n| n.starts_with("circuit::get:")));
}

#[test]
fn d21_an_opening_that_another_runtime_saw_does_not_outlast_its_time() {
    #[circuit(name = "d21", failures = 1, open_for = 30s)]
    async fn outlives(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let paused = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
    };
    paused().block_on(async {
        advance(Duration::from_secs(86_400)).await;
        let r = Record::new();
        assert_eq!(play!(outlives(&r), Fail, Fail), "FX");
    });
    // A clock that is a day behind.
    paused().block_on(async {
        pass(30_000).await;
        assert_eq!(play!(outlives(&Record::new()), Succeed), ".");
    });
}

// Half-open.

#[tokio::test(start_paused = true)]
async fn d9_a_hundred_concurrent_calls_get_as_many_places_as_there_are_probes() {
    #[circuit(name = "d9", failures = 1, open_for = 1s, probes = 3)]
    async fn probed(r: Record, what: Do) -> Result<u32, Fault> {
        act(&r, what).await
    }
    let r = Record::new();
    assert_eq!(letter(&probed(r.clone(), Fail).await), 'F');
    pass(1_000).await;
    let calls: Vec<_> = (0..100)
        .map(|_| tokio::spawn(probed(r.clone(), Slow(500))))
        .collect();
    let mut seen = Vec::new();
    for call in calls {
        let out = call.await.unwrap();
        if let Err(Fault::Resil(Error::CircuitOpen { retry_in, .. })) = &out {
            assert_eq!(*retry_in, None, "all probes are out");
        }
        seen.push(letter(&out));
    }
    let count = |l| seen.iter().filter(|&&s| s == l).count();
    assert_eq!((count('.'), count('X')), (3, 97));
    assert_eq!(r.count(), 1 + 3);
    assert_eq!(state("d9"), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn one_failed_probe_of_three_reopens_and_so_many_successes_close() {
    #[circuit(name = "one-of-three", failures = 1, open_for = 1s, open_max = 1s, probes = 3)]
    async fn three(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(three(&r), Fail, Succeed), "FX");
    pass(1_000).await;
    assert_eq!(play!(three(&r), Succeed, Succeed, Fail, Succeed), "..FX");
    pass(1_000).await;
    assert_eq!(play!(three(&r), Succeed, Succeed), "..");
    assert_eq!(state("one-of-three"), CircuitState::HalfOpen);
    assert_eq!(play!(three(&r), Succeed), ".");
    assert_eq!(state("one-of-three"), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn d10_a_dropped_probe_gives_its_place_to_the_next() {
    #[circuit(name = "d10", failures = 1, open_for = 1s)]
    async fn dropped_probe(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(dropped_probe(&r), Fail), "F");
    pass(1_000).await;
    for _ in 0..5 {
        begin_and_drop(dropped_probe(&r, Hang)).await;
        assert_eq!(state("d10"), CircuitState::HalfOpen);
    }
    assert_eq!(play!(dropped_probe(&r), Succeed, Succeed), "..");
    assert_eq!(state("d10"), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn d10_a_probe_that_never_comes_back_loses_its_place_open_for_later() {
    #[circuit(name = "d10-lost", failures = 1, open_for = 1s)]
    async fn lost_probe(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(lost_probe(&r), Fail), "F");
    pass(1_000).await;
    let mut lost = Box::pin(lost_probe(&r, Hang));
    assert!(poll_once(lost.as_mut()).await.is_pending());
    advance(ms(999)).await;
    assert_eq!(play!(lost_probe(&r), Succeed), "X");
    advance(ms(1)).await;
    assert_eq!(play!(lost_probe(&r), Succeed), ".");
    assert_eq!(state("d10-lost"), CircuitState::Closed);
    std::mem::forget(lost);
}

#[tokio::test(start_paused = true)]
async fn q01_q03_half_open_keeps_to_the_same_patterns() {
    #[circuit(name = "q01", failures = 1, open_for = 1s, open_max = 1s,
              on(Fault::Network(_)), ignore(Fault::Http(404)))]
    async fn patterned(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(patterned(&r), Fail), "F");
    pass(1_000).await;
    // Ignored: the place comes back.
    assert_eq!(play!(patterned(&r), Http(404), Http(404)), "FF");
    assert_eq!(state("q01"), CircuitState::HalfOpen);
    assert_eq!(play!(patterned(&r), Fail, Succeed), "FX");
    pass(1_000).await;
    // Not named by `on`: a success.
    assert_eq!(play!(patterned(&r), Http(500)), "F");
    assert_eq!(state("q01"), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_probe_cut_by_its_own_timeout_has_failed() {
    #[timeout(1s)]
    #[circuit(name = "cut-probe", failures = 1, open_for = 10s, open_max = 10s)]
    async fn cut_probe(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(cut_probe(&r), Fail), "F");
    pass(10_000).await;
    assert_eq!(play!(cut_probe(&r), Hang, Succeed), "TX");
    assert_eq!(state("cut-probe"), CircuitState::Open);
}

#[tokio::test(start_paused = true)]
async fn each_failed_probe_doubles_the_time_up_to_open_max_and_a_closing_resets_it() {
    #[circuit(name = "growth", failures = 1, open_for = 1s, open_max = 4s)]
    async fn grows(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    for opening in [1_000, 2_000, 4_000, 4_000] {
        assert_eq!(play!(grows(&r), Fail), "F");
        advance(ms(opening - 1)).await;
        assert_eq!(play!(grows(&r), Succeed), "X", "{opening}");
        advance(ms(opening / 5 + 1)).await;
    }
    assert_eq!(play!(grows(&r), Succeed, Fail), ".F");
    pass(1_000).await;
    assert_eq!(play!(grows(&r), Succeed), ".");
}

#[tokio::test(start_paused = true)]
async fn d12_a_result_that_outlives_a_change_of_state_is_not_counted() {
    #[circuit(name = "d12", failures = 2, open_for = 1s, open_max = 1s)]
    async fn stale(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    let late_ok = stale(&r, Slow(1_500));
    let late_fail = stale(&r, SlowFail(3_000));
    let late_second = stale(&r, SlowFail(3_000));
    let story = async {
        assert_eq!(play!(stale(&r), Fail, Fail, Succeed), "FFX");
        pass(1_000).await;
        let mut probe = pin!(stale(&r, Slow(1_000)));
        assert!(poll_once(probe.as_mut()).await.is_pending());
        sleep(ms(400)).await;
        // The old success came back at 1.5 s: it is no probe's.
        assert_eq!(state("d12"), CircuitState::HalfOpen);
        assert_eq!(letter(&stale(&r, Succeed).await), 'X');
        assert!(probe.await.is_ok());
        assert_eq!(state("d12"), CircuitState::Closed);
        // The old failures come back at 3 s, into another closed period.
        sleep(ms(1_000)).await;
        assert_eq!(state("d12"), CircuitState::Closed);
        assert_eq!(breaker("d12").counts().failures_in_a_row, 0);
    };
    let (ok, fail, second, ()) = tokio::join!(late_ok, late_fail, late_second, story);
    assert_eq!(
        (letter(&ok), letter(&fail), letter(&second)),
        ('.', 'F', 'F')
    );
}

#[tokio::test(start_paused = true)]
async fn d14_a_listener_may_look_at_everything_and_use_the_hand() {
    #[circuit(name = "d14", failures = 1, open_for = 1s)]
    async fn watched(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let changes = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&changes);
    let _listening = resil::event::subscribe(move |e| {
        if let Event::CircuitChanged { name, to, .. } = e
            && *name == "d14"
        {
            let all = registry().snapshot();
            let mine = all.iter().find(|b| b.name == "d14").unwrap();
            assert_eq!((mine.state, breaker("d14").state()), (*to, *to));
            let _ = registry().conflicts();
            seen.fetch_add(1, SeqCst);
            if *to == CircuitState::HalfOpen {
                breaker("d14").force_close();
            }
        }
    });
    let r = Record::new();
    assert_eq!(play!(watched(&r), Fail, Fail), "FX");
    pass(1_000).await;
    assert_eq!(play!(watched(&r), Succeed, Succeed), "..");
    assert_eq!(changes.load(SeqCst), 3, "open, half-open, closed by hand");
    assert_eq!(state("d14"), CircuitState::Closed);
}

// Where it stands.

#[tokio::test(start_paused = true)]
async fn above_retry_it_sees_one_outcome_per_call_and_below_each_attempt() {
    #[circuit(name = "above-retry", failures = 3)]
    #[retry(constant, max = 3, base = 1ms)]
    async fn above(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[retry(constant, max = 7, base = 1ms)]
    #[circuit(name = "below-retry", failures = 3)]
    async fn below(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    // L03: three runs of the body, one failure.
    let r = Record::new();
    assert_eq!(play!(above(&r), Fail), "F");
    assert_eq!(r.count(), 3);
    assert_eq!(breaker("above-retry").counts().failures_in_a_row, 1);
    // L02: it opens after three of seven, and a refusal is not retried.
    let r = Record::new();
    assert_eq!(play!(below(&r), Fail), "X");
    assert_eq!(r.count(), 3);
    assert_eq!(play!(below(&r), Fail), "X");
    assert_eq!(r.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_below_retry_that_the_outer_timeout_cuts_is_a_failure() {
    #[timeout(1s)]
    #[retry(constant, max = 3, base = 1ms)]
    #[circuit(name = "cut-attempt", failures = 2)]
    async fn cut_attempt(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(cut_attempt(&r), Hang; 3), "TTX");
}

#[tokio::test(start_paused = true)]
async fn the_wait_between_attempts_is_no_failure_when_a_timeout_cuts_it() {
    // `within` and deadlines stop a retry before such a wait; a drop can still fall into one.
    #[circuit(name = "cut-wait", failures = 1)]
    #[retry(constant, max = 3, base = 10s, jitter = none)]
    async fn cut_wait(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    begin_and_drop(cut_wait(&r, Fail)).await;
    assert_eq!(state("cut-wait"), CircuitState::Closed);
}
