//! How long a choice takes: `cargo bench -p resil-http --features client --bench pick`.
//!
//! Each line is the least time per request of several rounds, in nanoseconds: a choice, and a choice with its report.
//! The least, as other programs on the machine only ever make it longer.

#![allow(missing_docs, clippy::print_stdout, reason = "it is a program")]

use std::hint::black_box;
use std::time::Duration;

use resil_http::Verdict;
use resil_http::balance::{Balancer, Endpoints, SlowStart, Strategy};
use resil_runtime::{breaker, clock, edge};

/// A round takes a tenth of a millisecond: few of them are cut by another program.
const ROUNDS: usize = 3_000;
const EACH: u32 = 500;

fn balancer(name: &str, count: usize, strategy: Strategy) -> Balancer {
    let list =
        Endpoints::list((0..count).map(|n| format!("http://10.0.{}.{}:8080", n / 250, n % 250)))
            .expect("endpoints");
    let builder = Balancer::builder(name, list).strategy(strategy);
    let balancer = builder
        .slow_start(SlowStart::over(Duration::ZERO))
        .build()
        .expect("a list");
    // Each has answered.
    for key in 0..20 * u32::try_from(count).expect("few") {
        let picked = balancer
            .pick(&[], Some(&key.to_be_bytes()))
            .expect("an endpoint");
        picked.end(&Verdict::Success);
    }
    balancer
}

/// Returns the least time of a round, per request.
fn least(mut request: impl FnMut(u32)) -> f64 {
    let round = || {
        let began = clock::now();
        (0..EACH).for_each(&mut request);
        began.elapsed().as_secs_f64() * 1e9 / f64::from(EACH)
    };
    std::iter::repeat_with(round)
        .take(ROUNDS)
        .fold(f64::INFINITY, f64::min)
}

fn measure(what: &str, balancer: &Balancer) {
    let mut held = Vec::with_capacity(EACH as usize);
    let pick = |key: u32| {
        balancer
            .pick(&[], Some(&key.to_be_bytes()))
            .expect("an endpoint")
    };
    // The choice alone: the requests end after the round, outside of the time.
    let mut alone = f64::INFINITY;
    for _ in 0..ROUNDS {
        let began = clock::now();
        (0..EACH).for_each(|key| held.push(pick(key)));
        alone = alone.min(began.elapsed().as_secs_f64() * 1e9 / f64::from(EACH));
        held.clear();
    }
    let with_end = least(|key| black_box(pick(key)).end(&Verdict::Success));
    println!("{what:<44} {alone:>6.0} {with_end:>6.0}");
}

fn main() {
    println!(
        "a look at the clock: {:.0} ns",
        least(|_| {
            black_box(clock::now_ns());
        })
    );
    println!(
        "a random number: {:.0} ns",
        least(|_| {
            black_box(edge::random_up_to(9_899));
        })
    );
    println!("{:<44} {:>6} {:>6}", "ns per request", "pick", "+ end");
    let all = [
        Strategy::P2cPeakEwma,
        Strategy::RoundRobin,
        Strategy::LeastPending,
        Strategy::ConsistentHash,
    ];
    for strategy in all {
        for count in [3, 100] {
            let name = format!("bench.{strategy:?}.{count}");
            let balancer = balancer(&name, count, strategy);
            measure(&format!("{strategy:?}, {count} endpoints"), &balancer);
            breaker(&name)
                .key(balancer.endpoints()[1].authority())
                .force_open();
            measure(
                &format!("{strategy:?}, {count} endpoints, one ejected"),
                &balancer,
            );
        }
    }
}
