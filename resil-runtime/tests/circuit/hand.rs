//! By hand: holding it open, closed or disabled, and what that does to calls that are out.

use resil_runtime::circuit::{CircuitState, Counts, Window};

use super::{fifty, made, pass, play, retry_in, secs};
use CircuitState::{Closed, Disabled, ForcedOpen, HalfOpen, Open};

#[tokio::test(start_paused = true)]
async fn f08_held_open_it_refuses_with_no_time_at_which_it_ends() {
    let b = made("hand.open", fifty());
    b.force_open();
    assert_eq!(b.state(), ForcedOpen);
    assert_eq!(retry_in(b), None);
    pass(secs(86_400)).await;
    play(b, "XXX");
    b.force_close();
    play(b, "S");
    assert_eq!(b.state(), Closed);
}

#[tokio::test(start_paused = true)]
async fn disabled_it_lets_pass_and_counts_nothing() {
    let b = made("hand.off", fifty().failures(1));
    b.disable();
    play(b, "FFFFFF");
    assert_eq!(b.state(), Disabled);
    assert_eq!(b.counts(), Counts::default());
    let late = b.try_acquire().unwrap();
    b.force_close();
    late.failure();
    assert_eq!(b.state(), Closed);
    play(b, "F X");
}

#[tokio::test(start_paused = true)]
async fn force_close_ends_an_opening_and_leaves_a_closed_one_as_it_is() {
    let b = made("hand.close", fifty().failures(2));
    play(b, "F");
    b.force_close();
    assert_eq!(b.counts().failures_in_a_row, 1);
    play(b, "F X");
    b.force_close();
    assert_eq!(b.state(), Closed);
    play(b, "F");
    assert_eq!(b.state(), Closed);
}

#[tokio::test(start_paused = true)]
async fn reset_forgets_the_counts_and_the_growth() {
    let b = made("hand.reset", fifty().failures(2).open_max(secs(500)));
    play(b, "F");
    let out = b.try_acquire().unwrap();
    b.reset();
    assert_eq!(b.counts(), Counts::default());
    out.failure();
    assert_eq!(b.counts(), Counts::default());
    play(b, "FF");
    pass(secs(50)).await;
    play(b, "F");
    assert!(retry_in(b).unwrap() >= secs(100));
    b.reset();
    play(b, "FF");
    assert!(retry_in(b).unwrap() <= secs(60));
}

#[tokio::test(start_paused = true)]
async fn reset_of_a_window_is_a_new_window() {
    for (name, window) in [
        ("hand.reset.calls", Window::Calls(4)),
        ("hand.reset.time", Window::Time(secs(60))),
    ] {
        let b = made(name, fifty().failure_rate(0.75).window(window).min_calls(4));
        play(b, "FFF");
        b.reset();
        play(b, "S F");
        assert_eq!((b.counts().calls, b.counts().failures), (2, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn the_hand_holds_in_every_state() {
    let b = made("hand.every", fifty().failures(1));
    play(b, "F");
    b.force_open();
    assert_eq!(b.state(), ForcedOpen);
    b.disable();
    assert_eq!(b.state(), Disabled);
    b.reset();
    play(b, "F");
    assert_eq!(b.state(), Open);
    pass(secs(50)).await;
    let probe = b.try_acquire().unwrap();
    assert_eq!(b.state(), HalfOpen);
    b.force_open();
    probe.success();
    assert_eq!(b.state(), ForcedOpen);
}

#[tokio::test(start_paused = true)]
async fn in_the_scope_of_a_permit_a_call_of_the_same_breaker_is_let_in_and_counts_nothing() {
    let b = made("hand.scope", fifty().failures(1).probes(1));
    play(b, "F X");
    pass(secs(50)).await;
    let probe = b.try_acquire().unwrap();
    play(b, "X");
    probe.sync_scope(|| play(b, "SFN"));
    probe
        .scope(async {
            play(b, "F");
            // At once: a call would be let in.
            b.ready().await;
            let inner = b.try_acquire().unwrap();
            // And one that goes out of it takes nothing along.
            inner.sync_scope(|| play(b, "S"));
            let other = b.key("k").try_acquire().unwrap();
            other.failure();
            assert!(b.key("k").try_acquire().is_err(), "a key is another one");
            std::mem::forget(inner);
        })
        .await;
    play(b, "X");
    assert_eq!((b.state(), b.counts().probes_out), (HalfOpen, 1));
    probe.success();
    assert_eq!(b.state(), Closed);
}

#[tokio::test(start_paused = true)]
async fn a_permit_of_a_key_has_a_scope_too() {
    let b = made("hand.scope.key", fifty().failures(1));
    let (a, c) = (b.key("a"), b.key("c"));
    a.try_acquire().unwrap().failure();
    c.try_acquire().unwrap().failure();
    pass(secs(50)).await;
    let probe = a.try_acquire().unwrap();
    assert!(a.try_acquire().is_err());
    probe.sync_scope(|| {
        b.key("a").try_acquire().unwrap().failure();
        // The probe of another key is its own.
        let other = c.try_acquire().unwrap();
        assert!(c.try_acquire().is_err());
        other.sync_scope(|| assert!(c.try_acquire().is_ok() && a.try_acquire().is_ok()));
        other.success();
    });
    assert_eq!((a.state(), c.state()), (HalfOpen, Closed));
    probe.success();
    assert_eq!(a.state(), Closed);
}

#[test]
fn outside_a_runtime_it_works_on_the_clock_of_std() {
    let b = made("hand.noruntime", fifty().failures(1));
    play(b, "F X");
    assert!(retry_in(b).unwrap() > secs(40));
}

#[test]
fn a_permit_goes_wherever_its_call_goes() {
    fn anywhere<T: Send + Sync + 'static>() {}
    anywhere::<resil_runtime::circuit::CallPermit>();
    anywhere::<resil_runtime::Breaker>();
}
