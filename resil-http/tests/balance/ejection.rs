//! An endpoint that fails is taken out, and probed back.

use resil_http::Verdict;
use resil_http::balance::{Balancer, SlowStart, Strategy};
use resil_runtime::breaker;
use resil_runtime::circuit::{CircuitPolicy, CircuitState};

use crate::support::{
    FAILED, advance, authority, eject, figures, number, of, pick, round_robin, secs, shares,
};

/// Ten seconds, and up to a fifth more: the open time has jitter.
const OPEN: CircuitPolicy = CircuitPolicy::new().open_for(secs(10));

fn at_once(name: &str, count: usize) -> Balancer {
    of(name, count)
        .strategy(Strategy::RoundRobin)
        .ejection(OPEN)
        .slow_start(SlowStart::over(secs(0)))
        .build()
        .expect("a list")
}

#[tokio::test(start_paused = true)]
async fn five_failures_in_a_row_eject_and_one_success_brings_it_back() {
    let balancer = at_once("ejection.back", 3);
    for _ in 0..12 {
        let picked = pick(&balancer);
        let fails = number(&picked) == 2;
        picked.end(if fails { &FAILED } else { &Verdict::Success });
    }
    assert!(
        !figures(&balancer, 2).is_ejected,
        "four failures are not five"
    );
    eject(&balancer, 2);
    let stats = balancer.stats();
    assert_eq!((stats.ejected, stats.panics), (1, false));
    assert_eq!(figures(&balancer, 2).state, CircuitState::Open);
    assert_eq!(
        shares(&balancer, 100),
        [50, 0, 50],
        "evenly among the others"
    );

    advance(secs(13)).await;
    assert_eq!(figures(&balancer, 2).state, CircuitState::HalfOpen);
    // One request probes it; until that has ended, no other goes there.
    let held: Vec<_> = (0..30).map(|_| pick(&balancer)).collect();
    let probes: Vec<_> = held.iter().filter(|picked| number(picked) == 2).collect();
    assert_eq!(probes.len(), 1);
    assert!(probes[0].is_probe());
    assert!(
        held.iter()
            .filter(|picked| number(picked) != 2)
            .all(|picked| !picked.is_probe())
    );
    held.into_iter()
        .for_each(|picked| picked.end(&Verdict::Success));
    let back = figures(&balancer, 2);
    assert_eq!(
        (back.state, back.is_ejected, back.ejections),
        (CircuitState::Closed, false, 1)
    );
    assert_eq!(shares(&balancer, 99), [33, 33, 33]);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_fails_takes_it_out_again_for_longer() {
    let balancer = at_once("ejection.again", 2);
    eject(&balancer, 1);
    advance(secs(13)).await;
    eject(&balancer, 1);
    advance(secs(13)).await;
    assert!(figures(&balancer, 1).is_ejected, "20 s by now");
    advance(secs(12)).await;
    assert!(!figures(&balancer, 1).is_ejected, "due to be probed");
    assert_eq!(figures(&balancer, 1).ejections, 1, "it was never back");
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_dropped_gives_its_place_to_the_next() {
    let balancer = at_once("ejection.dropped", 2);
    eject(&balancer, 1);
    advance(secs(13)).await;
    for _ in 0..3 {
        let probe = [pick(&balancer), pick(&balancer)]
            .into_iter()
            .find(|picked| number(picked) == 1)
            .expect("it is its turn");
        assert!(probe.is_probe());
    }
}

#[tokio::test(start_paused = true)]
async fn every_strategy_leaves_it_out_and_probes_it() {
    resil_runtime::seed(1);
    for strategy in [
        Strategy::LeastPending,
        Strategy::P2cPeakEwma,
        Strategy::ConsistentHash,
    ] {
        for count in [3, 30] {
            let name = format!("ejection.every.{strategy:?}.{count}");
            let balancer = of(&name, count)
                .strategy(strategy)
                .ejection(OPEN)
                .build()
                .expect("a list");
            eject(&balancer, 2);
            for key in 0..200_u32 {
                let picked = balancer
                    .pick(&[], Some(&key.to_be_bytes()))
                    .expect("an endpoint");
                assert_ne!(number(&picked), 2, "{strategy:?}");
                advance(secs(0)).await;
                picked.end(&Verdict::Success);
            }
            advance(secs(13)).await;
            let probed = (0..1_000_u32).any(|key| {
                let picked = balancer
                    .pick(&[], Some(&key.to_be_bytes()))
                    .expect("an endpoint");
                number(&picked) == 2
            });
            assert!(probed, "{strategy:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn its_keys_go_to_others_while_it_is_out_and_no_other_keys_move() {
    let balancer = of("ejection.keys", 5)
        .strategy(Strategy::ConsistentHash)
        .ejection(OPEN)
        .slow_start(SlowStart::over(secs(0)))
        .build()
        .expect("a list");
    let places = || -> Vec<_> {
        let place = |key: u32| {
            let picked = balancer
                .pick(&[], Some(&key.to_be_bytes()))
                .expect("an endpoint");
            let number = number(&picked);
            picked.end(&Verdict::Success);
            number
        };
        (0..500).map(place).collect()
    };
    let before = places();
    eject(&balancer, 3);
    let during = places();
    for (before, during) in before.iter().zip(&during) {
        assert!((*before == 3 && *during != 3) || before == during);
    }
    advance(secs(13)).await;
    // The first of its keys probes it.
    assert_eq!(places(), before);
}

#[test]
fn the_breaker_is_that_of_the_name_with_the_authority_as_its_key() {
    let balancer = round_robin("ejection.by_hand", 3);
    let second = breaker("ejection.by_hand").key(authority(2));
    second.force_open();
    assert_eq!(shares(&balancer, 100), [50, 0, 50]);
    assert_eq!(figures(&balancer, 2).state, CircuitState::ForcedOpen);
    second.reset();
    // Balancers of one name share what they know.
    let other = round_robin("ejection.by_hand", 3);
    eject(&other, 3);
    assert!(figures(&balancer, 3).is_ejected);
}

#[test]
fn without_ejection_a_failing_endpoint_keeps_its_turn() {
    let balancer = of("ejection.none", 2)
        .strategy(Strategy::RoundRobin)
        .no_ejection()
        .build()
        .expect("a list");
    for _ in 0..100 {
        pick(&balancer).end(&FAILED);
    }
    assert_eq!(shares(&balancer, 10), [5, 5]);
    assert_eq!(figures(&balancer, 1).state, CircuitState::Disabled);
}
