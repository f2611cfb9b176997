//! At most half of the endpoints are out at once.

use resil_http::Verdict;
use resil_http::balance::{SlowStart, Strategy};
use resil_runtime::breaker;
use resil_runtime::circuit::CircuitState;

use crate::support::{FAILED, advance, authority, figures, of, pick, round_robin, secs, shares};

#[test]
fn half_may_be_out_and_with_one_more_all_are_used() {
    for count in [1, 2, 3, 4, 5, 20] {
        let name = format!("panicking.half.{count}");
        let balancer = round_robin(&name, count);
        for out in 1..=count {
            breaker(&name).key(authority(out)).force_open();
            let stats = balancer.stats();
            assert_eq!(stats.ejected, out);
            let panics = out * 2 > count;
            assert_eq!(stats.panics, panics, "{out} of {count}");
            let shares = shares(&balancer, 60);
            let used = shares.iter().filter(|picks| **picks > 0).count();
            assert_eq!(
                used,
                if panics { count } else { count - out },
                "{out} of {count}: {shares:?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_strategy_panics_and_comes_out_of_it() {
    resil_runtime::seed(1);
    for strategy in [
        Strategy::LeastPending,
        Strategy::P2cPeakEwma,
        Strategy::ConsistentHash,
    ] {
        let name = format!("panicking.every.{strategy:?}");
        let balancer = of(&name, 4)
            .strategy(strategy)
            .slow_start(SlowStart::over(secs(0)))
            .build()
            .expect("a list");
        (1..=3).for_each(|n| breaker(&name).key(authority(n)).force_open());
        let used = |balancer: &resil_http::balance::Balancer| {
            let mut used = [false; 4];
            for key in 0..200_u32 {
                let picked = balancer
                    .pick(&[], Some(&key.to_be_bytes()))
                    .expect("an endpoint");
                used[crate::support::number(&picked) - 1] = true;
                picked.end(&Verdict::Success);
            }
            used
        };
        assert_eq!(used(&balancer), [true; 4], "{strategy:?}");
        breaker(&name).key(authority(1)).force_close();
        assert_eq!(used(&balancer), [true, false, false, true], "{strategy:?}");
    }
}

/// What comes of a request to an endpoint that is used anyway is not news to its breaker: it is probed
/// when its time has come.
#[tokio::test(start_paused = true)]
async fn in_panic_an_open_breaker_stays_open_until_it_is_due() {
    let balancer = of("panicking.open", 2)
        .strategy(Strategy::RoundRobin)
        .build()
        .expect("a list");
    while !balancer.stats().panics {
        pick(&balancer).end(&FAILED);
    }
    for _ in 0..10 {
        pick(&balancer).end(&Verdict::Success);
    }
    assert_eq!(balancer.stats().ejected, 2);
    advance(secs(37)).await;
    assert_eq!(figures(&balancer, 1).state, CircuitState::HalfOpen);
    for _ in 0..4 {
        pick(&balancer).end(&Verdict::Success);
    }
    let stats = balancer.stats();
    assert_eq!((stats.ejected, stats.panics), (0, false));
}
