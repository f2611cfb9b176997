//! At most half of the endpoints are out at once.

use resil_http::Verdict;
use resil_http::balance::{Balancer, SlowStart, Strategy};
use resil_runtime::circuit::CircuitState;

use crate::support::{
    FAILED, advance, breaker_of, eject, figures, millis, number, of, pick, round_robin, secs,
    shares,
};

const ALL: [Strategy; 4] = [
    Strategy::RoundRobin,
    Strategy::LeastPending,
    Strategy::P2cPeakEwma,
    Strategy::ConsistentHash,
];

/// Picks 3,000 times, one request after the other. Endpoint 1 answers after `takes` milliseconds; the others fail
/// at once. Endpoint 1 has to get its even share at least.
async fn the_first_has_its_share(balancer: &Balancer, takes: u64) {
    let mut first = 0;
    for key in 0..3_000_u32 {
        let picked = balancer.pick(&[], Some(&key.to_be_bytes()));
        let picked = picked.expect("an endpoint");
        if number(&picked) == 1 {
            first += 1;
            advance(millis(takes)).await;
            picked.end(&Verdict::Success);
        } else {
            picked.end(&FAILED);
        }
    }
    let even = 3_000.0 / balancer.endpoints().len() as f64;
    // Less five times what it may be off by chance.
    let least = even - 5.0 * even.sqrt();
    assert!(f64::from(first) > least, "{}: {first}", balancer.name());
}

#[test]
fn half_may_be_out_and_with_one_more_all_are_used() {
    for count in [1, 2, 3, 4, 5, 20] {
        let name = format!("panicking.half.{count}");
        let balancer = round_robin(&name, count);
        for out in 1..=count {
            breaker_of(&name, out).force_open();
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
        (1..=3).for_each(|n| breaker_of(&name, n).force_open());
        let used = |balancer: &Balancer| {
            let mut used = [false; 4];
            for key in 0..200_u32 {
                let picked = balancer
                    .pick(&[], Some(&key.to_be_bytes()))
                    .expect("an endpoint");
                used[number(&picked) - 1] = true;
                picked.end(&Verdict::Success);
            }
            used
        };
        assert_eq!(used(&balancer), [true; 4], "{strategy:?}");
        breaker_of(&name, 1).force_close();
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

/// An endpoint that fails is not preferred to one that answers, neither because it is ejected nor because it fails
/// quickly.
#[tokio::test(start_paused = true)]
async fn in_panic_one_that_answers_keeps_its_share() {
    for strategy in ALL {
        // The time that an answer of the first takes, and of the others while they answer.
        for (count, takes, took) in [(2, 5, 5), (3, 5, 5), (4, 5, 5), (4, 50, 1), (10, 5, 5)] {
            resil_runtime::seed(1);
            let name = format!("panicking.share.{strategy:?}.{count}.{takes}");
            let balancer = of(&name, count).strategy(strategy).build().expect("a list");
            for key in 0..200_u32 {
                let picked = balancer.pick(&[], Some(&key.to_be_bytes()));
                let picked = picked.expect("an endpoint");
                let time = if number(&picked) == 1 { takes } else { took };
                advance(millis(time)).await;
                picked.end(&Verdict::Success);
            }
            (2..=count).for_each(|n| eject(&balancer, n));
            the_first_has_its_share(&balancer, takes).await;
        }
    }
}

/// The first one that is back is all there is: it does not give way to those that are ejected.
#[tokio::test(start_paused = true)]
async fn in_panic_none_starts_slowly() {
    for strategy in ALL {
        resil_runtime::seed(1);
        let balancer = of(&format!("panicking.slow.{strategy:?}"), 4)
            .strategy(strategy)
            .slow_start(SlowStart::over(secs(1_000)))
            .build()
            .expect("a list");
        (1..=4).for_each(|n| eject(&balancer, n));
        advance(secs(37)).await;
        let probes: Vec<_> = (0..4).map(|_| pick(&balancer)).collect();
        for probe in probes {
            assert!(probe.is_probe(), "{strategy:?}");
            let back = number(&probe) == 1;
            probe.end(if back { &Verdict::Success } else { &FAILED });
        }
        let stats = balancer.stats();
        assert_eq!((stats.ejected, stats.panics), (3, true), "{strategy:?}");
        assert!(figures(&balancer, 1).weight < 0.2, "{strategy:?}");
        the_first_has_its_share(&balancer, 5).await;
    }
}
