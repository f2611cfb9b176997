//! What a report does, and what it does to drop a request without one.

use std::time::Duration;

use resil_http::Verdict;
use resil_http::balance::{BalanceError, Strategy};
use resil_runtime::{Class, Classify};

use crate::support::{FAILED, advance, eject, figures, millis, number, of, pick, round_robin};

fn of_class(class: Class) -> Verdict {
    Verdict::Failure {
        class,
        may_repeat: true,
    }
}

#[test]
fn a_request_is_pending_until_it_is_dropped() {
    let balancer = round_robin("outcomes.pending", 1);
    let pending = || figures(&balancer, 1).pending;
    let mut first = pick(&balancer);
    let second = pick(&balancer);
    assert_eq!(pending(), 2);
    first.answered(&Verdict::Success);
    assert_eq!(pending(), 2, "its body is not there yet");
    drop(first);
    assert_eq!(pending(), 1);
    second.end(&Verdict::Success);
    assert_eq!((pending(), figures(&balancer, 1).picked), (0, 2));
}

#[test]
fn as_many_as_may_be_are_pending_at_an_endpoint() {
    let builder = of("outcomes.full", 2)
        .strategy(Strategy::RoundRobin)
        .max_pending(2);
    let balancer = builder.build().expect("a list");
    let mut held: Vec<_> = (0..4).map(|_| pick(&balancer)).collect();
    let error = balancer.pick(&[], None).expect_err("both are full");
    assert_eq!(
        error.to_string(),
        "all endpoints of `outcomes.full` are full: 2 requests are pending at each"
    );
    assert_eq!(error.classify(), Class::Limited { retry_after: None });
    let second = held
        .iter()
        .position(|picked| number(picked) == 2)
        .expect("two of them");
    drop(held.remove(second));
    // The only one with room, also for a request that would rather go elsewhere.
    let second = "http://10.0.0.2:8080".parse().expect("an endpoint");
    assert_eq!(number(&balancer.pick(&[second], None).expect("room")), 2);
    drop(held);
    assert_eq!(
        (figures(&balancer, 1).pending, figures(&balancer, 2).pending),
        (0, 0)
    );
    // An ejected one has room, but is out.
    eject(&balancer, 1);
    let held = (pick(&balancer), pick(&balancer));
    assert!(matches!(
        balancer.pick(&[], None),
        Err(BalanceError::Full { .. })
    ));
    drop(held);
}

#[test]
fn only_failures_of_the_endpoint_count_against_it() {
    let none = Duration::ZERO;
    let cases = [
        ("success", Verdict::Success, false),
        ("transient", of_class(Class::Transient), true),
        (
            "throttled",
            of_class(Class::Throttled {
                retry_after: Some(none),
            }),
            true,
        ),
        ("permanent", of_class(Class::Permanent), false),
        (
            "limited",
            of_class(Class::Limited { retry_after: None }),
            false,
        ),
        ("neutral", of_class(Class::Neutral), false),
    ];
    for (name, verdict, ejects) in cases {
        let balancer = round_robin(&format!("outcomes.class.{name}"), 2);
        for _ in 0..10 {
            pick(&balancer).end(&verdict);
        }
        assert_eq!(balancer.stats().ejected > 0, ejects, "{name}");
    }
}

#[test]
fn dropped_without_a_report_it_is_neutral() {
    let balancer = round_robin("outcomes.neutral", 2);
    // Four failures in a row, and what is dropped in between breaks no row and adds to none.
    for _ in 0..8 {
        let failed = pick(&balancer);
        let dropped = pick(&balancer);
        drop(pick(&balancer));
        drop(pick(&balancer));
        drop(dropped);
        if number(&failed) == 1 {
            failed.end(&FAILED);
        }
        if figures(&balancer, 1).is_ejected {
            break;
        }
    }
    let first = figures(&balancer, 1);
    assert!(first.is_ejected, "five failures in a row: {first:?}");
    assert_eq!((first.pending, figures(&balancer, 2).pending), (0, 0));
    assert!(!figures(&balancer, 2).is_ejected);
}

#[tokio::test(start_paused = true)]
async fn the_time_of_an_answer_counts_up_to_the_first_report() {
    let balancer = of("outcomes.time", 1).build().expect("a list");
    assert_eq!(figures(&balancer, 1).ewma, None);
    let mut picked = pick(&balancer);
    advance(millis(20)).await;
    picked.answered(&Verdict::Success);
    advance(millis(500)).await;
    picked.end(&Verdict::Success);
    let ewma = figures(&balancer, 1).ewma.expect("it has answered");
    assert!((millis(18)..millis(21)).contains(&ewma), "{ewma:?}");
    // A failure makes it worse, however quick it is.
    let before = figures(&balancer, 1).ewma;
    pick(&balancer).end(&FAILED);
    assert!(figures(&balancer, 1).ewma > before);
}

/// How long it would have taken is not known. But it takes longer than it was waited for.
#[tokio::test(start_paused = true)]
async fn an_answer_that_was_not_waited_for_takes_longer_than_that() {
    for verdict in [None, Some(of_class(Class::Neutral))] {
        let name = format!("outcomes.given_up.{verdict:?}");
        let balancer = of(&name, 1).build().expect("a list");
        let ewma = || figures(&balancer, 1).ewma;
        let give_up_after = async |time| {
            let picked = pick(&balancer);
            advance(time).await;
            match verdict {
                Some(verdict) => picked.end(&verdict),
                None => drop(picked),
            }
        };
        give_up_after(millis(300)).await;
        assert_eq!(ewma(), None, "nothing has answered");
        let picked = pick(&balancer);
        advance(millis(20)).await;
        picked.end(&Verdict::Success);
        let answered = ewma().expect("it has answered");
        assert!((millis(18)..millis(21)).contains(&answered), "{answered:?}");
        give_up_after(millis(10)).await;
        assert!(ewma() <= Some(answered), "it says nothing");
        give_up_after(millis(900)).await;
        assert!(ewma() > Some(millis(890)), "{:?}", ewma());
    }
}

#[test]
fn without_peak_ewma_no_time_is_measured() {
    for strategy in [
        Strategy::RoundRobin,
        Strategy::LeastPending,
        Strategy::ConsistentHash,
    ] {
        let name = format!("outcomes.untimed.{strategy:?}");
        let balancer = of(&name, 1).strategy(strategy).build().expect("a list");
        pick(&balancer).end(&Verdict::Success);
        assert_eq!(figures(&balancer, 1).ewma, None);
    }
}
