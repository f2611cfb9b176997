//! A retry and a hedge go to another endpoint than the attempts before, unless there is none.

use resil_http::Verdict;
use resil_http::balance::{Balancer, Endpoint, Picked, Strategy};

use crate::support::{eject, number, of, pick, url};

fn endpoint(n: usize) -> Endpoint {
    url(n).parse().expect("an endpoint")
}

fn pick_but(balancer: &Balancer, avoid: &[Endpoint]) -> Picked {
    balancer.pick(avoid, Some(b"key")).expect("an endpoint")
}

const ALL: [Strategy; 4] = [
    Strategy::RoundRobin,
    Strategy::LeastPending,
    Strategy::P2cPeakEwma,
    Strategy::ConsistentHash,
];

#[tokio::test(start_paused = true)]
async fn each_attempt_goes_to_another_endpoint_until_there_is_none() {
    resil_runtime::seed(1);
    for count in [2, 3, 20] {
        for strategy in ALL {
            let name = format!("avoiding.each.{count}.{strategy:?}");
            let balancer = of(&name, count).strategy(strategy).build().expect("a list");
            for _ in 0..20 {
                let mut before = Vec::new();
                for attempt in 0..count {
                    let picked = pick_but(&balancer, &before);
                    assert!(
                        !before.contains(picked.endpoint()),
                        "{strategy:?}, attempt {attempt}"
                    );
                    before.push(picked.endpoint().clone());
                    picked.end(&Verdict::Success);
                }
                // There is no other one.
                let picked = pick_but(&balancer, &before);
                assert!(before.contains(picked.endpoint()));
            }
        }
    }
}

#[test]
fn the_only_endpoint_is_picked_again() {
    let balancer = of("avoiding.only", 1).build().expect("a list");
    assert_eq!(number(&pick_but(&balancer, &[endpoint(1)])), 1);
}

/// The other one is known to fail: the one that has failed once is the better choice.
#[tokio::test(start_paused = true)]
async fn an_ejected_endpoint_is_no_other_one() {
    resil_runtime::seed(1);
    for strategy in ALL {
        let name = format!("avoiding.ejected.{strategy:?}");
        let balancer = of(&name, 2).strategy(strategy).build().expect("a list");
        eject(&balancer, 1);
        for _ in 0..10 {
            assert_eq!(
                number(&pick_but(&balancer, &[endpoint(2)])),
                2,
                "{strategy:?}"
            );
        }
    }
}

#[test]
fn an_endpoint_that_is_not_there_is_avoided_by_all_anyway() {
    let balancer = of("avoiding.stranger", 2)
        .strategy(Strategy::RoundRobin)
        .build()
        .expect("a list");
    let turns: Vec<_> = (0..4)
        .map(|_| number(&pick_but(&balancer, &[endpoint(9)])))
        .collect();
    assert_eq!(turns, [1, 2, 1, 2]);
    assert_eq!(number(&pick(&balancer)), 1);
}
