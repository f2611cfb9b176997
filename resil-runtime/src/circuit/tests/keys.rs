//! The bound and who goes first, on a small table.

use std::time::Duration;

use crate::breaker;
use crate::circuit::{Breaker, CircuitPolicy, CircuitState, KeyedBreaker};
use crate::named::OVERFLOW;
use crate::named::keys::{LOOKS, SHARDS};

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// A name with room for so many keys, which open for ten seconds at the first failure.
fn room_for(most: u32, name: &str) -> Breaker {
    let breaker = breaker(name);
    let policy = CircuitPolicy::new().failures(1).max_keys(most);
    let policy = policy.open_for(ms(10_000)).open_max(ms(10_000));
    assert!(breaker.configure(policy));
    breaker
}

fn is_shared(breaker: &KeyedBreaker) -> bool {
    breaker.key() == OVERFLOW
}

fn names(breaker: Breaker) -> Vec<String> {
    let mut all: Vec<String> = breaker.keys().iter().map(|b| b.key().to_owned()).collect();
    all.sort();
    all
}

fn fail(breaker: &KeyedBreaker) {
    breaker.try_acquire().unwrap().failure();
}

#[tokio::test(start_paused = true)]
async fn q16_an_idle_closed_one_goes_and_an_open_one_stays_until_its_time_is_up() {
    let b = room_for(3, "keys.order");
    fail(&b.key("open-1"));
    drop(b.key("idle"));
    fail(&b.key("open-2"));
    drop(b.key("new"));
    assert_eq!(names(b), ["new", "open-1", "open-2"]);
    fail(&b.key("new"));
    assert!(is_shared(&b.key("more")), "all are open");
    assert_eq!(b.key("open-1").state(), CircuitState::Open);
    tokio::time::advance(ms(9_999)).await;
    assert!(is_shared(&b.key("more")), "their time is not up");
    tokio::time::advance(ms(2_001)).await;
    assert!(!is_shared(&b.key("more")));
    assert_eq!(names(b).len(), 3 + 1, "and the shared one");
}

#[tokio::test(start_paused = true)]
async fn one_that_is_in_use_keeps_its_place_whatever_its_state() {
    let b = room_for(2, "keys.use");
    let call = b.key("called").try_acquire().unwrap();
    let held = b.key("held");
    assert!(is_shared(&b.key("new")));
    assert_eq!(names(b), [OVERFLOW, "called", "held"]);
    // What the call finds out is there for the next one.
    call.failure();
    assert_eq!(b.key("called").state(), CircuitState::Open);
    drop(held);
    assert!(!is_shared(&b.key("new")));
    assert_eq!(names(b), [OVERFLOW, "called", "new"]);
}

#[tokio::test(start_paused = true)]
async fn q16_a_half_open_one_stays_while_it_probes_and_for_open_for_after() {
    let b = room_for(1, "keys.half");
    fail(&b.key("half"));
    tokio::time::advance(ms(12_000)).await;
    let probe = b.key("half").try_acquire().unwrap();
    tokio::time::advance(ms(60_000)).await;
    assert!(is_shared(&b.key("new")), "the probe is out");
    drop(probe);
    assert!(
        !is_shared(&b.key("new")),
        "it is not, and nobody came since"
    );

    let b = room_for(1, "keys.half.soon");
    fail(&b.key("half"));
    tokio::time::advance(ms(12_000)).await;
    drop(b.key("half").try_acquire().unwrap());
    assert_eq!(b.key("half").state(), CircuitState::HalfOpen);
    tokio::time::advance(ms(9_999)).await;
    assert!(is_shared(&b.key("new")));
    tokio::time::advance(ms(1)).await;
    assert!(!is_shared(&b.key("new")));
}

/// A clock that is folded into few bits takes some of these for no time at all.
#[tokio::test(start_paused = true)]
async fn d4_a_half_open_one_goes_however_long_nobody_came() {
    const MINUTE: u64 = 60_000;
    for minutes in [
        1,
        60,
        70,
        75,
        120,
        139,
        1_440,
        3 * 1_440,
        30 * 1_440,
        400 * 1_440,
    ] {
        let b = room_for(1, &format!("keys.half.{minutes}"));
        fail(&b.key("half"));
        tokio::time::advance(ms(12_000)).await;
        drop(b.key("half").try_acquire().unwrap());
        tokio::time::advance(ms(minutes * MINUTE)).await;
        assert!(!is_shared(&b.key("new")), "{minutes}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_done_by_hand_is_not_forgotten() {
    let b = room_for(2, "keys.hand");
    b.key("held open").force_open();
    b.key("off").disable();
    tokio::time::advance(ms(86_400_000)).await;
    assert!(is_shared(&b.key("new")));
    assert_eq!(b.key("held open").state(), CircuitState::ForcedOpen);
    assert_eq!(b.key("off").state(), CircuitState::Disabled);
}

#[tokio::test(start_paused = true)]
async fn newcomers_past_the_bound_share_one_breaker() {
    let b = room_for(1, "keys.shared");
    fail(&b.key("open"));
    let (one, two) = (b.key("one"), b.key("two"));
    assert!(is_shared(&one) && is_shared(&two));
    fail(&one);
    assert_eq!(two.state(), CircuitState::Open);
    assert_eq!(names(b), [OVERFLOW, "open"]);
}

#[tokio::test(start_paused = true)]
async fn of_idle_ones_those_that_were_asked_for_lately_stay() {
    let b = room_for(8, "keys.lately");
    for i in 0..8 {
        drop(b.key(i));
    }
    // The first newcomer goes round once; after it, whoever is asked for is safe from the next.
    drop(b.key("new"));
    let left: Vec<String> = names(b).into_iter().filter(|k| k != "new").collect();
    let (kept, others) = left.split_at(4);
    for i in 0..3 {
        for key in kept {
            drop(b.key(key));
        }
        drop(b.key(format!("newer {i}")));
    }
    let now = names(b);
    assert!(kept.iter().all(|key| now.contains(key)), "{kept:?} {now:?}");
    assert_eq!(others.iter().filter(|key| now.contains(key)).count(), 0);
}

#[tokio::test(start_paused = true)]
async fn settings_that_come_later_are_for_all_keys() {
    let b = breaker("keys.later");
    let early = b.key("early");
    let call = early.try_acquire().unwrap();
    assert!(b.configure(CircuitPolicy::new().failures(2).max_keys(1)));
    // It adopts them when it is next asked for; what began before is not counted.
    fail(&b.key("early"));
    call.failure();
    assert_eq!(early.state(), CircuitState::Closed);
    fail(&early);
    assert_eq!(early.state(), CircuitState::Open);
    assert!(is_shared(&b.key("late")));
}

#[test]
fn one_idle_closed_one_among_many_is_found_wherever_it_is() {
    let b = room_for(2_000, "keys.one");
    for i in 0..2_000 {
        fail(&b.key(i));
    }
    b.key(777).reset();
    assert!(!is_shared(&b.key("new")));
    assert_eq!(b.keys().len(), 2_000);
}

/// When all are open, newcomers look at a few each, and the hand goes on.
#[test]
fn a_look_for_a_place_has_an_end_and_goes_on_where_it_stopped() {
    let b = room_for(2_000, "keys.looks");
    let mut held: Vec<KeyedBreaker> = (0..2_000).map(|i| b.key(i)).collect();
    assert!(is_shared(&b.key("new")));
    // One place in two thousand: not found at once, but by one of the next who come.
    held.swap_remove(1_234);
    let found = (0..100).position(|_| !is_shared(&b.key("new")));
    assert!(
        found.is_some_and(|tries| tries <= 2_000 / LOOKS + SHARDS),
        "{found:?}"
    );
    assert_eq!(names(b).len(), 2_000 + 1);
}

#[test]
fn many_newcomers_at_once_stay_under_the_bound() {
    let b = room_for(100, "keys.threads");
    std::thread::scope(|s| {
        for t in 0..4_u32 {
            s.spawn(move || {
                for i in 0..20_000_u32 {
                    let key = b.key(i.wrapping_mul(2_654_435_761 + t) % 1_000);
                    assert!(key.try_acquire().is_ok());
                    if i % 64 == 0 {
                        assert!(b.keys().len() <= 101);
                    }
                }
            });
        }
    });
    assert_eq!(b.known_keys().check(), (100, 100));
}
