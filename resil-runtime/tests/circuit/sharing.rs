//! One breaker for all who name it: settings and their adoption, conflicts, names, events.

use std::sync::{Arc, Mutex};

use resil_runtime::__private::for_tests::Outcome;
use resil_runtime::__private::{CallState, CircuitPolicy, CircuitSite, Failure, Site};
use resil_runtime::circuit::{CircuitState, Window};
use resil_runtime::event::{self, Event};
use resil_runtime::{breaker, registry};

use super::{fifty, made, pass, play, secs};
use CircuitState::{Closed, HalfOpen, Open};

fn site(function: &'static str, line: u32, name: Option<&'static str>) -> &'static CircuitSite {
    let at: &'static Site = Box::leak(Box::new(Site::new(function, line)));
    Box::leak(Box::new(CircuitSite::new(at, name)))
}

/// One call of a function; true if it was let in.
fn call(site: &'static CircuitSite, policy: Option<CircuitPolicy>, out: Result<(), ()>) -> bool {
    let state = CallState::new();
    let policy: Option<&'static CircuitPolicy> = policy.map(|p| &*Box::leak(Box::new(p)));
    match site.admit(policy, &state) {
        Ok(permit) => {
            let out: Outcome<(), ()> = out.map_err(Failure::Body);
            let _ = permit.settle_by(out, |()| None, |()| None);
            std::mem::forget(permit);
            true
        }
        Err(_) => false,
    }
}

#[tokio::test(start_paused = true)]
async fn d23_two_functions_of_one_name_share_its_state() {
    let policy = Some(fifty().failures(3));
    let one = site("mod_a::pay", 1, Some("share.d23"));
    let two = site("mod_b::pay", 1, Some("share.d23"));
    assert!(call(one, policy, Err(())));
    assert!(call(two, policy, Err(())));
    assert!(call(one, policy, Err(())));
    assert!(!call(one, policy, Ok(())));
    assert!(!call(two, policy, Ok(())));
    assert_eq!(breaker("share.d23").state(), Open);
    let clashes = registry().conflicts();
    assert!(clashes.iter().all(|c| c.name != "share.d23"));
}

#[tokio::test(start_paused = true)]
async fn only_a_name_uses_what_another_one_has_set() {
    let with = site("share::with", 1, Some("share.only"));
    let bare = site("share::bare", 1, Some("share.only"));
    assert!(call(with, Some(fifty().failures(2)), Ok(())));
    assert!(call(bare, None, Err(())));
    assert!(call(bare, None, Err(())));
    assert!(!call(bare, None, Ok(())));
}

#[tokio::test(start_paused = true)]
async fn on_defaults_until_one_with_settings_has_registered_and_then_on_those() {
    let bare = site("share::early", 1, Some("share.adopt"));
    let with = site("share::late", 1, Some("share.adopt"));
    for _ in 0..4 {
        assert!(call(bare, None, Err(())));
    }
    let b = breaker("share.adopt");
    assert_eq!(b.counts().failures_in_a_row, 4);
    // What was counted by the defaults does not mix with what these count.
    assert!(call(with, Some(fifty().failures(5)), Ok(())));
    assert_eq!(b.counts().failures_in_a_row, 0);
    for _ in 0..5 {
        assert_eq!(b.state(), Closed);
        assert!(call(bare, None, Err(())));
    }
    assert_eq!(b.state(), Open);
}

#[tokio::test(start_paused = true)]
async fn adopting_a_window_begins_it_empty() {
    let b = breaker("share.adopt.window");
    let early = b.try_acquire().unwrap();
    play(b, "FF");
    assert!(b.configure(fifty().failure_rate(1.0).window(Window::Calls(3))));
    early.failure();
    assert_eq!(b.counts().calls, 0);
    play(b, "FF");
    assert_eq!(b.state(), Closed);
    play(b, "F X");
}

#[tokio::test(start_paused = true)]
async fn an_open_one_stays_open_when_settings_come_but_no_longer_than_they_say() {
    let b = breaker("share.adopt.open");
    play(b, "FFFFF X");
    assert!(b.configure(CircuitPolicy::new().open_for(secs(3))));
    play(b, "X");
    assert_eq!(b.state(), Open);
    pass(secs(3)).await;
    play(b, "S");
    let b = breaker("share.adopt.half");
    play(b, "FFFFF X");
    pass(secs(30)).await;
    let probe = b.try_acquire().unwrap();
    assert!(b.configure(fifty().probes(2)));
    assert_eq!(b.state(), HalfOpen);
    probe.success();
    play(b, "SS");
    assert_eq!(b.state(), Closed);
}

#[tokio::test(start_paused = true)]
async fn d23_two_that_set_differently_the_first_wins_and_the_clash_is_told() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&told);
    let _subscription = event::subscribe(move |e| {
        if let Event::CircuitConflict { name, function, .. } = e
            && *name == "share.clash"
        {
            into.lock().unwrap().push(*function);
        }
    });
    let first = site("clash::first", 1, Some("share.clash"));
    let second = site("clash::second", 1, Some("share.clash"));
    let same = site("clash::same", 1, Some("share.clash"));
    assert!(call(first, Some(fifty().failures(2)), Ok(())));
    for _ in 0..3 {
        assert!(call(second, Some(fifty().failures(9)), Ok(())));
    }
    // A default that is written out is no difference.
    assert!(call(same, Some(fifty().failures(2).probes(1)), Ok(())));
    let found: Vec<_> = registry()
        .conflicts()
        .into_iter()
        .filter(|c| c.name == "share.clash")
        .map(|c| (c.used, c.ignored))
        .collect();
    assert_eq!(found, [("clash::first", "clash::second")]);
    assert_eq!(*told.lock().unwrap(), ["clash::second"]);
    assert!(call(second, None, Err(())));
    assert!(call(second, None, Err(())));
    assert_eq!(breaker("share.clash").state(), Open);
}

#[tokio::test(start_paused = true)]
async fn without_a_name_it_is_the_function_with_the_line_where_two_read_the_same() {
    let policy = Some(fifty().failures(1));
    let one = site("unnamed::f", 10, None);
    let two = site("unnamed::f", 20, None);
    let three = site("unnamed::f", 20, None);
    assert!(call(one, policy, Ok(())));
    assert!(call(two, policy, Err(())));
    assert!(call(three, policy, Ok(())));
    assert_eq!(breaker("unnamed::f").state(), Closed);
    assert_eq!(breaker("unnamed::f:20").state(), Open);
    assert_eq!(breaker("unnamed::f:20:2").state(), Closed);
    assert!(!call(two, policy, Ok(())));
    assert!(call(one, policy, Ok(())));
}

#[tokio::test(start_paused = true)]
async fn by_hand_first_it_is_the_functions_own_all_the_same() {
    let b = breaker("unnamed::by_hand");
    assert!(call(
        site("unnamed::by_hand", 1, None),
        Some(fifty().failures(1)),
        Err(())
    ));
    assert_eq!(b.state(), Open);
    // A name that somebody gave is not a path.
    let _ = call(site("other", 1, Some("unnamed::given")), None, Ok(()));
    let _ = call(
        site("unnamed::given", 7, None),
        Some(fifty().failures(1)),
        Err(()),
    );
    assert_eq!(breaker("unnamed::given").state(), Closed);
    assert_eq!(breaker("unnamed::given:7").state(), Open);
}

#[tokio::test(start_paused = true)]
async fn the_snapshot_shows_every_breaker_by_name() {
    let a = made("share.snap.a", fifty().failures(2));
    let b = made("share.snap.b", fifty().failures(1));
    play(a, "F");
    play(b, "F");
    let all = registry().snapshot();
    assert!(all.is_sorted_by_key(|s| s.name));
    let of = |name| all.iter().find(|s| s.name == name).cloned().unwrap();
    assert_eq!(of("share.snap.a").state, Closed);
    assert_eq!(of("share.snap.a").counts.failures_in_a_row, 1);
    assert_eq!(of("share.snap.b").state, Open);
}

#[tokio::test(start_paused = true)]
async fn d14_a_listener_may_look_at_everything_and_call_the_function_itself() {
    let function = site("share::d14", 1, Some("share.d14"));
    let other = site("share::d14_other", 1, Some("share.d14"));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&seen);
    let _subscription = event::subscribe(move |e| {
        let name = match e {
            Event::CircuitChanged { name, .. }
            | Event::CircuitRefused { name, .. }
            | Event::CircuitConflict { name, .. } => *name,
            _ => return,
        };
        if name != "share.d14" {
            return;
        }
        let all = registry().snapshot();
        let state = all.iter().find(|s| s.name == name).unwrap().state;
        let _ = (registry().conflicts(), breaker("share.d14").counts());
        if let Event::CircuitConflict { .. } = e {
            assert!(call(other, None, Ok(())));
        }
        into.lock().unwrap().push((e.clone(), state));
    });
    assert!(call(function, Some(fifty().failures(1)), Ok(())));
    assert!(call(other, Some(fifty().failures(2)), Err(())));
    assert!(!call(function, None, Ok(())));
    pass(secs(50)).await;
    assert!(call(function, None, Ok(())));
    breaker("share.d14").force_open();
    let seen: Vec<_> = seen
        .lock()
        .unwrap()
        .iter()
        .map(|(e, state)| match e {
            Event::CircuitChanged { from, to, .. } => {
                assert_eq!(to, state);
                format!("{from:?} -> {to:?}")
            }
            Event::CircuitRefused { .. } => "refused".to_owned(),
            Event::CircuitConflict { function, .. } => format!("clash of {function}"),
            _ => unreachable!(),
        })
        .collect();
    assert_eq!(
        seen,
        [
            "clash of share::d14_other",
            "Closed -> Open",
            "refused",
            "Open -> HalfOpen",
            "HalfOpen -> Closed",
            "Closed -> ForcedOpen",
        ]
    );
}
