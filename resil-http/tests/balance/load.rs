//! Backends that are simulated on paused time: how many requests a slow one gets.

use std::time::Duration;

use resil_http::Verdict;
use resil_http::balance::{Balancer, Strategy};
use resil_runtime::clock;

use crate::support::{millis, number, of, pick, secs};

/// Sends a request each `every` for `time`, and answers each after what `takes` says of its endpoint and of the
/// time since the beginning. Returns the share of endpoint 3 of the requests that began from `from` on, and the
/// times of all of these in order.
async fn run(
    balancer: &Balancer,
    every: Duration,
    times: (Duration, Duration),
    takes: fn(usize, Duration) -> Duration,
) -> (f64, Vec<Duration>) {
    run_for(balancer, every, times, takes, Duration::MAX).await
}

/// The same where each request is given up that has no answer after `patience`.
async fn run_for(
    balancer: &Balancer,
    every: Duration,
    (from, time): (Duration, Duration),
    takes: fn(usize, Duration) -> Duration,
    patience: Duration,
) -> (f64, Vec<Duration>) {
    let began = clock::now();
    let mut requests = Vec::new();
    while began.elapsed() < time {
        let picked = pick(balancer);
        let (n, at) = (number(&picked), began.elapsed());
        let took = takes(n, at);
        let request = tokio::spawn(async move {
            clock::sleep_until(clock::now() + took.min(patience)).await;
            if took <= patience {
                picked.end(&Verdict::Success);
            }
        });
        requests.push((n, at, took, request));
        clock::sleep_until(clock::now() + every).await;
    }
    let counted: Vec<_> = requests.iter().filter(|(_, at, ..)| *at >= from).collect();
    let slow = counted.iter().filter(|(n, ..)| *n == 3).count();
    let share = slow as f64 / counted.len() as f64;
    let mut times: Vec<_> = counted.iter().map(|(_, _, took, _)| *took).collect();
    times.sort_unstable();
    for (.., request) in requests {
        request.await.expect("a request");
    }
    (share, times)
}

fn slow_third(n: usize, _: Duration) -> Duration {
    if n == 3 { millis(500) } else { millis(5) }
}

fn slow_after_a_second(n: usize, at: Duration) -> Duration {
    if n == 3 && at >= secs(1) {
        millis(500)
    } else {
        millis(5)
    }
}

const P2C: Strategy = Strategy::P2cPeakEwma;

#[tokio::test(start_paused = true)]
async fn one_slow_backend_of_three_gets_under_5_percent_within_2_s() {
    for seed in 0..20 {
        for every in [2, 10, 50] {
            resil_runtime::seed(seed);
            let name = format!("load.slow.{seed}.{every}");
            let balancer = of(&name, 3).strategy(P2C).build().expect("a list");
            let times = (secs(0), secs(2));
            let (share, took) = run(&balancer, millis(every), times, slow_third).await;
            assert!(share < 0.05, "{share} of one each {every} ms, seed {seed}");
            if every == 2 {
                // As if the slow one were not there.
                assert_eq!(took[took.len() * 99 / 100], millis(5), "p99, seed {seed}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_becomes_slow_gets_under_5_percent_within_2_s() {
    for seed in 0..20 {
        resil_runtime::seed(seed);
        let balancer = of(&format!("load.becomes_slow.{seed}"), 3)
            .strategy(P2C)
            .build()
            .expect("a list");
        let (share, times) = run(
            &balancer,
            millis(2),
            (secs(1), secs(3)),
            slow_after_a_second,
        )
        .await;
        assert!(share < 0.05, "{share}, seed {seed}");
        let p50 = times[times.len() / 2];
        assert_eq!(p50, millis(5));
    }
}

/// Callers that go, hedges that are faster, and timeouts of a stack drop their requests: no answer ever says how
/// slow an endpoint is.
#[tokio::test(start_paused = true)]
async fn one_that_nobody_waits_for_gets_under_5_percent_within_2_s() {
    for seed in 0..20 {
        for (every, takes, from) in [
            (2, slow_third as fn(usize, Duration) -> Duration, secs(0)),
            (10, slow_third, secs(0)),
            (2, slow_after_a_second, secs(1)),
            (10, slow_after_a_second, secs(1)),
        ] {
            resil_runtime::seed(seed);
            let name = format!("load.given_up.{seed}.{every}.{from:?}");
            let balancer = of(&name, 3).strategy(P2C).build().expect("a list");
            let times = (from, from + secs(2));
            let (share, _) = run_for(&balancer, millis(every), times, takes, millis(50)).await;
            assert!(
                share < 0.05,
                "{share} of one each {every} ms, from {from:?}, seed {seed}"
            );
        }
    }
}

/// What it is compared with: a third of all requests are slow.
#[tokio::test(start_paused = true)]
async fn round_robin_sends_it_a_third() {
    let balancer = of("load.round_robin", 3)
        .strategy(Strategy::RoundRobin)
        .build()
        .expect("a list");
    let (share, times) = run(&balancer, millis(10), (secs(0), secs(2)), slow_third).await;
    assert!((0.32..0.34).contains(&share), "{share}");
    assert_eq!(times[times.len() * 9 / 10], millis(500));
}

#[tokio::test(start_paused = true)]
async fn least_pending_sends_it_little_where_much_is_pending() {
    let strategy = Strategy::LeastPending;
    let balancer = of("load.least_pending", 3)
        .strategy(strategy)
        .build()
        .expect("a list");
    let (share, _) = run(&balancer, millis(2), (secs(0), secs(2)), slow_third).await;
    assert!(share < 0.05, "{share}");
}

#[tokio::test(start_paused = true)]
async fn equal_backends_get_equal_shares() {
    resil_runtime::seed(1);
    let balancer = of("load.equal", 3).strategy(P2C).build().expect("a list");
    let (share, _) = run(&balancer, millis(2), (secs(0), secs(10)), |_, _| millis(5)).await;
    assert!((0.25..0.42).contains(&share), "{share}");
}
