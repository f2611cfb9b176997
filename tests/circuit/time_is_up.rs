//! Past `open_for`, and no call has come: the state, the stream of changes, and who waits.

use super::*;
use resil::{Change, CircuitPolicy};
use tokio::time::Instant;

pub(super) fn opened(name: &'static str, open_for: u64) -> resil::Breaker {
    let b = breaker(name);
    let policy = CircuitPolicy::new().failures(1).open_for(ms(open_for));
    assert!(b.configure(policy));
    fail(b);
    b
}

fn fail(b: resil::Breaker) {
    b.try_acquire().unwrap().failure();
}

/// How long the opening lasts, jitter included, found by asking.
pub(super) fn left(b: resil::Breaker) -> Duration {
    match b.try_acquire() {
        Err(Error::CircuitOpen { retry_in, .. }) => retry_in.expect("it is known"),
        other => panic!("{other:?}"),
    }
}

fn step(change: &Change) -> (Option<&str>, CircuitState, CircuitState) {
    (change.key.as_deref(), change.from, change.to)
}

const OPENED: (CircuitState, CircuitState) = (CircuitState::Closed, CircuitState::Open);
const IS_UP: (CircuitState, CircuitState) = (CircuitState::Open, CircuitState::HalfOpen);

/// dmexe/failsafe-rs issue 41: past its time a breaker said that it was open until a call came, so
/// that nobody who looks before calling ever called again.
#[tokio::test(start_paused = true)]
async fn failsafe_41_past_open_for_the_state_is_half_open() {
    #[circuit(name = "fs-41", key = key, failures = 1, open_for = 30s)]
    async fn call(key: &str, r: &Record, what: Do) -> Result<u32, Fault> {
        let _ = key;
        act(r, what).await
    }
    let r = Record::new();
    let _ = call("a", &r, Fail).await;
    let key = breaker("fs-41").key("a");
    let in_snapshot = || {
        let all = registry().snapshot();
        let found = all
            .iter()
            .find(|b| b.name == "fs-41" && b.key.as_deref() == Some("a"));
        found.unwrap().state
    };
    assert_eq!(
        (key.state(), in_snapshot()),
        (CircuitState::Open, CircuitState::Open)
    );
    advance(ms(29_999)).await;
    assert_eq!(
        (key.state(), in_snapshot()),
        (CircuitState::Open, CircuitState::Open)
    );
    advance(ms(6_001)).await;
    assert_eq!(
        (key.state(), in_snapshot()),
        (CircuitState::HalfOpen, CircuitState::HalfOpen)
    );
    assert!(format!("{key:?}").contains("HalfOpen"));
    // Looking is no call: the first one is the probe.
    assert_eq!(key.counts().probes_out, 0);
    assert_eq!(letter(&call("a", &r, Fail).await), 'F');
    assert_eq!(
        key.state(),
        CircuitState::Open,
        "and its failure opens for twice as long"
    );
    advance(ms(59_999)).await;
    assert_eq!(key.state(), CircuitState::Open);
    advance(ms(12_001)).await;
    assert_eq!(key.state(), CircuitState::HalfOpen);
}

#[tokio::test(start_paused = true)]
async fn it_is_so_to_the_millisecond_at_which_a_call_is_let_in() {
    let b = opened("to-the-ms", 1_000);
    let left = left(b);
    advance(left.saturating_sub(ms(1))).await;
    assert_eq!(b.state(), CircuitState::Open);
    assert!(b.try_acquire().is_err());
    advance(ms(1)).await;
    assert_eq!(b.state(), CircuitState::HalfOpen);
    assert!(b.try_acquire().is_ok());
}

#[tokio::test(start_paused = true)]
async fn held_by_hand_it_stays_what_it_is() {
    let b = opened("held-past", 1_000);
    b.force_open();
    pass(10_000).await;
    assert_eq!(b.state(), CircuitState::ForcedOpen);
}

#[tokio::test(start_paused = true)]
async fn failsafe_41_the_stream_tells_when_the_time_has_come_and_once() {
    let b = breaker("fs-41-stream");
    let mut changes = b.changes();
    let mut other = b.changes();
    let events = Events::of("fs-41-stream");
    let b = opened("fs-41-stream", 1_000);
    let (up_at, change) = (Instant::now() + left(b), changes.next().await);
    assert_eq!(step(&change), (None, OPENED.0, OPENED.1));
    let change = changes.next().await;
    assert_eq!(step(&change), (None, IS_UP.0, IS_UP.1));
    assert_eq!(Instant::now(), up_at, "and not later");
    // The call that comes now changes nothing that was not told.
    let probe = b.try_acquire().unwrap();
    assert!(b.try_acquire().is_err(), "one place");
    assert_eq!(changes.try_next(), None);
    probe.success();
    let change = changes.next().await;
    assert_eq!(
        step(&change),
        (None, CircuitState::HalfOpen, CircuitState::Closed)
    );
    assert_eq!(changes.try_next(), None);
    // Whoever did not look meanwhile is told the same, and so are the listeners of events.
    let mut seen = Vec::new();
    while let Some(change) = other.try_next() {
        seen.push(change.to);
    }
    let all = [
        CircuitState::Open,
        CircuitState::HalfOpen,
        CircuitState::Closed,
    ];
    assert_eq!(seen, all);
    let told = events.all().into_iter().filter_map(|e| match e {
        Event::CircuitChanged { to, .. } => Some(to),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), all);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_comes_first_tells_it_and_the_stream_does_not_again() {
    let b = opened("call-first", 1_000);
    let mut changes = b.changes();
    pass(1_000).await;
    let probe = b.try_acquire().unwrap();
    assert_eq!(step(&changes.next().await), (None, IS_UP.0, IS_UP.1));
    assert_eq!(changes.try_next(), None);
    probe.failure();
    assert_eq!(changes.next().await.to, CircuitState::Open);
    // And so on: each opening has its own end.
    assert_eq!(step(&changes.next().await), (None, IS_UP.0, IS_UP.1));
    assert_eq!(changes.try_next(), None);
}

#[tokio::test(start_paused = true)]
async fn who_listens_later_is_told_of_what_comes_and_not_of_what_was() {
    let b = opened("later", 1_000);
    advance(ms(500)).await;
    let mut before = b.changes();
    assert_eq!(before.try_next(), None);
    assert_eq!(step(&before.next().await), (None, IS_UP.0, IS_UP.1));
    let b = opened("later-still", 1_000);
    pass(1_000).await;
    let mut after = b.changes();
    assert_eq!(b.state(), CircuitState::HalfOpen);
    let probe = b.try_acquire().unwrap();
    assert_eq!(after.try_next(), None, "it was half-open before");
    probe.success();
    assert_eq!(after.next().await.to, CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn what_the_hand_does_meanwhile_holds() {
    let b = opened("hand-meanwhile", 1_000);
    let mut changes = b.changes();
    b.force_open();
    assert_eq!(changes.next().await.to, CircuitState::ForcedOpen);
    {
        let mut next = pin!(changes.next());
        assert!(poll_once(next.as_mut()).await.is_pending());
        pass(10_000).await;
        let next_poll = poll_once(next.as_mut()).await;
        assert!(next_poll.is_pending(), "no time is up");
        b.reset();
        assert_eq!(next.await.to, CircuitState::Closed);
    }
    fail(b);
    b.reset();
    fail(b);
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(changes.next().await.to);
    }
    use CircuitState::{Closed, HalfOpen, Open};
    assert_eq!(seen, [Open, Closed, Open, HalfOpen]);
}

#[tokio::test(start_paused = true)]
async fn the_keys_of_a_name_are_told_each_in_its_time() {
    let b = breaker("keys-in-time");
    let policy = CircuitPolicy::new()
        .failures(1)
        .open_for(ms(1_000))
        .max_keys(2);
    assert!(b.configure(policy));
    let mut changes = b.changes();
    let mut due = Vec::new();
    for (key, wait) in [("a", 5_000), ("b", 300), ("c", 500)] {
        // Past the bound, `c` has the breaker that newcomers share.
        let key = b.key(key);
        key.try_acquire().unwrap().failure();
        let Err(Error::CircuitOpen { retry_in, .. }) = key.try_acquire() else {
            panic!("it is open")
        };
        assert_eq!(changes.try_next().map(|c| c.to), Some(CircuitState::Open));
        due.push((Instant::now() + retry_in.unwrap(), key.key().to_owned()));
        if wait == 5_000 {
            let change = changes.next().await;
            let (at, key) = due.remove(0);
            assert_eq!((change.key.as_deref(), Instant::now()), (Some(&*key), at));
        }
        advance(ms(wait % 5_000)).await;
    }
    due.sort();
    for (at, key) in due {
        let change = changes.next().await;
        assert_eq!(step(&change), (Some(&*key), IS_UP.0, IS_UP.1));
        assert_eq!(Instant::now(), at);
    }
}

#[tokio::test(start_paused = true)]
async fn settings_that_come_while_it_is_open_end_the_opening_sooner() {
    let b = breaker("sooner");
    for _ in 0..5 {
        fail(b);
    }
    let mut changes = b.changes();
    {
        // By the defaults it is open for half a minute.
        let (mut wait, mut next) = (pin!(b.ready()), pin!(changes.next()));
        assert!(poll_once(wait.as_mut()).await.is_pending());
        assert!(poll_once(next.as_mut()).await.is_pending());
        assert!(b.configure(CircuitPolicy::new().open_for(ms(100))));
        let began = Instant::now();
        assert_eq!(step(&next.await), (None, IS_UP.0, IS_UP.1));
        assert_eq!(Instant::now() - began, ms(100));
        wait.await;
        assert_eq!(Instant::now() - began, ms(100));
    }
    assert_eq!(changes.try_next(), None);
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_was_too_slow_still_tells_the_time() {
    let b = breaker("slow-in-time");
    let mut changes = b.changes();
    for _ in 0..200 {
        b.force_open();
        b.reset();
    }
    let b = opened("slow-in-time", 1_000);
    for n in 0..200 {
        // More than are kept, of another one under the name.
        let key = b.key(n % 3);
        key.force_open();
        key.reset();
    }
    let mut last = changes.next().await;
    assert!(last.missed > 0);
    while let Some(change) = changes.try_next() {
        last = change;
    }
    assert_ne!(last.key, None);
    assert_eq!(step(&changes.next().await), (None, IS_UP.0, IS_UP.1));
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_a_change_that_is_dropped_has_taken_nothing() {
    let b = opened("dropped-wait", 1_000);
    let mut changes = b.changes();
    for _ in 0..20 {
        assert!(poll_once(pin!(changes.next())).await.is_pending());
        advance(ms(40)).await;
    }
    assert_eq!(step(&changes.next().await), (None, IS_UP.0, IS_UP.1));
}

#[test]
fn outside_a_runtime_there_is_no_timer_and_it_is_found_by_looking() {
    let b = breaker("no-runtime");
    assert!(b.configure(CircuitPolicy::new().failures(1).open_for(ms(1))));
    let mut changes = b.changes();
    fail(b);
    assert_eq!(changes.try_next().map(|c| c.to), Some(CircuitState::Open));
    let mut cx = Context::from_waker(Waker::noop());
    let _ = pin!(changes.next()).poll(&mut cx);
    while b.state() == CircuitState::Open {
        std::thread::yield_now();
    }
    assert_eq!(b.state(), CircuitState::HalfOpen);
}

/// What a snapshot says of the time to the next probe, as the panel shows it.
#[tokio::test(start_paused = true)]
async fn a_snapshot_says_when_a_probe_would_be_let_in() {
    #[circuit(name = "retry-in", failures = 1, open_for = 30s)]
    async fn call(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    let retry_in = || {
        let all = registry().snapshot();
        all.iter().find(|b| b.name == "retry-in").unwrap().retry_in
    };
    let _ = call(&r, Succeed).await;
    assert_eq!(retry_in(), None, "closed");
    let _ = call(&r, Fail).await;
    let left = retry_in().unwrap();
    assert!((ms(30_000)..=ms(36_000)).contains(&left), "{left:?}");
    advance(ms(10_000)).await;
    let rest = left.saturating_sub(ms(10_000));
    assert_eq!(retry_in(), Some(rest));
    advance(rest).await;
    assert_eq!(retry_in(), None, "half-open, with a place for a probe");
    let probe = breaker("retry-in").try_acquire().unwrap();
    assert_eq!(retry_in(), Some(ms(30_000)), "all probes are out");
    drop(probe);
    breaker("retry-in").force_open();
    assert_eq!(retry_in(), None, "held open");
}
