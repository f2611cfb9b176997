//! The live state behind the policies.

use std::time::Duration;

use resil::catalog::LiveState;
use resil::{CircuitState, bulkhead, circuit, hedge, rate_limit, retry};
use tokio::time::advance;

use crate::support::Fault;
use crate::{entry, policy};

type Out = Result<u32, Fault>;

fn fail() -> Out {
    Err(Fault::Network(1))
}

#[circuit(name = "live.pay", failures = 3, open_for = 10s)]
async fn pay(ok: bool) -> Out {
    if ok { Ok(1) } else { fail() }
}

#[tokio::test(start_paused = true)]
async fn a_circuit_shows_its_state_and_its_window() {
    let live = || {
        let of = entry("live::pay");
        match policy(&of, "circuit").live.as_slice() {
            [] => None,
            [LiveState::Circuit(circuit)] => Some(circuit.clone()),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(live(), None, "no call has made it");
    for _ in 0..2 {
        let _ = pay(false).await;
    }
    let circuit = live().unwrap();
    assert_eq!((&*circuit.name, circuit.key.as_deref()), ("live.pay", None));
    assert_eq!(circuit.state, CircuitState::Closed);
    assert_eq!((circuit.failures, circuit.failures_in_a_row), (2, 2));
    assert_eq!(circuit.next_probe, None);
    assert_eq!(circuit.keys, Some(0));
    let _ = pay(false).await;
    let circuit = live().unwrap();
    assert_eq!(circuit.state, CircuitState::Open);
    // Up to 20 % of jitter.
    let first = circuit.next_probe.unwrap();
    assert!((10_000..=12_000).contains(&first.as_millis()), "{first:?}");
    advance(Duration::from_secs(4)).await;
    let left = live().unwrap().next_probe.unwrap();
    assert_eq!(first, left + Duration::from_secs(4));
    advance(Duration::from_secs(20)).await;
    assert_eq!(live().unwrap().state, CircuitState::HalfOpen);
    resil::breaker("live.pay").force_open();
    assert_eq!(live().unwrap().state, CircuitState::ForcedOpen);
}

/// Another function that gives the name has made it, and this one never ran.
#[circuit(name = "live.pay")]
async fn refund() -> Out {
    Ok(1)
}

#[tokio::test(start_paused = true)]
async fn the_state_of_a_name_is_that_of_all_who_give_it() {
    drop(refund());
    let _ = resil::breaker("live.pay");
    let of = entry("live::refund");
    assert!(!of.has_run);
    assert_eq!(policy(&of, "circuit").live.len(), 1);
    assert_eq!(policy(&of, "circuit").words, "live.pay");
}

#[circuit(failures = 1, key = host)]
async fn ask(host: &str) -> Out {
    if host.starts_with("bad") {
        fail()
    } else {
        Ok(1)
    }
}

#[tokio::test(start_paused = true)]
async fn the_keys_that_are_not_closed_are_listed_up_to_a_bound() {
    for n in 0..30 {
        ask(&format!("good-{n}")).await.unwrap();
        let _ = ask(&format!("bad-{n}")).await;
    }
    let of = entry("live::ask");
    let live = &policy(&of, "circuit").live;
    assert_eq!(live.len(), 21, "that of the name, and 20");
    for (n, live) in live.iter().enumerate() {
        let LiveState::Circuit(of) = live else {
            panic!("{live:?}")
        };
        if n == 0 {
            assert_eq!((of.key.as_deref(), of.keys), (None, Some(60)));
        } else {
            assert!(of.key.as_deref().unwrap().starts_with("bad-"), "{of:?}");
            assert_eq!((of.state, of.keys), (CircuitState::Open, None));
        }
    }
}

#[bulkhead(name = "live.reports", max = 2, queue = 5)]
async fn report() -> Out {
    tokio::time::sleep(Duration::from_secs(1)).await;
    Ok(1)
}

#[tokio::test(start_paused = true)]
async fn a_bulkhead_shows_its_places_and_its_queue_and_the_calls_in_flight() {
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..3 {
        calls.spawn(report());
    }
    tokio::task::yield_now().await;
    let of = entry("live::report");
    assert_eq!(of.in_flight, Some(3));
    let [LiveState::Bulkhead(live)] = policy(&of, "bulkhead").live.as_slice() else {
        panic!("{of:?}")
    };
    assert_eq!(
        (&*live.name, live.limit, live.used, live.queued),
        ("live.reports", 2, 2, 1)
    );
    assert_eq!(calls.join_all().await.len(), 3);
    assert_eq!(entry("live::report").in_flight, Some(0));
}

#[rate_limit(name = "live.mail", max = 2, per = 10s)]
async fn mail() -> Out {
    Ok(1)
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_shows_its_tokens() {
    let live = || {
        let of = entry("live::mail");
        match policy(&of, "rate_limit").live.as_slice() {
            [LiveState::RateLimit(live)] => (live.available, live.burst, live.next_in),
            other => panic!("{other:?}"),
        }
    };
    mail().await.unwrap();
    assert_eq!(live(), (Some(1), Some(2), None));
    mail().await.unwrap();
    assert_eq!(live(), (Some(0), Some(2), Some(Duration::from_secs(5))));
    mail().await.unwrap_err();
    advance(Duration::from_secs(1)).await;
    assert_eq!(live(), (Some(0), Some(2), Some(Duration::from_secs(4))));
}

#[retry(max = 3, base = 1ms, budget(capacity = 20, cost = 5, refill = 1))]
async fn own_budget() -> Out {
    fail()
}

#[retry(max = 2, base = 1ms, budget(name = "live.budget", capacity = 50, cost = 10, refill = 0))]
async fn named_budget() -> Out {
    fail()
}

#[retry(max = 2, base = 1ms, budget = off)]
async fn no_budget() -> Out {
    fail()
}

#[tokio::test(start_paused = true)]
async fn a_retry_shows_its_budget() {
    let live = |function: &str| {
        let of = entry(function);
        match policy(&of, "retry").live.as_slice() {
            [] => None,
            [LiveState::RetryBudget(live)] => Some((live.name.clone(), live.tokens, live.capacity)),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(live("live::own_budget"), None, "it was never asked");
    own_budget().await.unwrap_err();
    assert_eq!(live("live::own_budget"), Some((None, 10, 20)));
    advance(Duration::from_secs(3)).await;
    assert_eq!(live("live::own_budget"), Some((None, 13, 20)));
    advance(Duration::from_secs(60)).await;
    assert_eq!(live("live::own_budget"), Some((None, 20, 20)));

    assert_eq!(live("live::named_budget"), None);
    named_budget().await.unwrap_err();
    let name = Some("live.budget".to_owned());
    assert_eq!(live("live::named_budget"), Some((name, 40, 50)));

    no_budget().await.unwrap_err();
    assert_eq!(live("live::no_budget"), None);
}

#[hedge(after = 10ms, max = 2)]
async fn hedged() -> Out {
    tokio::time::sleep(Duration::from_millis(15)).await;
    Ok(1)
}

#[tokio::test(start_paused = true)]
async fn a_hedge_shows_its_budget() {
    let live = || match policy(&entry("live::hedged"), "hedge").live.as_slice() {
        [LiveState::HedgeBudget(live)] => (live.copies, live.capacity),
        other => panic!("{other:?}"),
    };
    assert_eq!(live(), (10, 10));
    for _ in 0..3 {
        hedged().await.unwrap();
    }
    assert_eq!(live(), (7, 10));
}
