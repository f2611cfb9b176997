//! The figures agree with the test's own.

use std::thread;

use resil::{fallback, retry, stats};
use tokio::runtime::Builder;
use tokio::time::{Instant, sleep};

use super::support::{Fault, ms};
use super::{all_of, alone, here, of, outcomes};

const THREADS: u64 = 4;
const CALLS: u64 = 25_000;

/// What the calls of one thread did, as the test has counted it.
#[derive(Debug, Default, PartialEq)]
struct Own {
    ok: u64,
    errors: u64,
    fallbacks: u64,
    attempts: u64,
    retries: u64,
}

#[fallback(Ok(0), on(Fault::Busy(_)))]
#[retry(max = 3, budget = off, delays = [0s], on(Fault::Network(_)))]
async fn mixed(n: u64, attempts: &mut u64) -> Result<u64, Fault> {
    *attempts += 1;
    #[expect(clippy::match_same_arms, reason = "a line an outcome")]
    match n % 10 {
        0..6 => Ok(n),
        6 => Err(Fault::Final),
        7 => Err(Fault::Busy(ms(1))),
        8 if *attempts < 2 => Err(Fault::Network(1)),
        8 => Ok(n),
        _ => Err(Fault::Network(2)),
    }
}

#[test]
fn a_hundred_thousand_calls_on_four_threads_agree_exactly() {
    let _alone = alone();
    let one = |thread: u64| {
        let runtime = Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build();
        runtime.unwrap().block_on(async {
            let mut own = Own::default();
            for n in 0..CALLS {
                let mut attempts = 0;
                let n = n * THREADS + thread;
                match mixed(n, &mut attempts).await {
                    Ok(0) if n % 10 == 7 => own.fallbacks += 1,
                    Ok(_) => own.ok += 1,
                    Err(_) => own.errors += 1,
                }
                own.attempts += attempts;
                own.retries += attempts - 1;
            }
            own
        })
    };
    let own = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|n| scope.spawn(move || one(n))).collect();
        // Read while they run: nothing is lost by it.
        while threads.iter().any(|one| !one.is_finished()) {
            let _ = stats();
            thread::yield_now();
        }
        let mut sum = Own::default();
        for one in threads {
            let one = one.join().unwrap();
            sum.ok += one.ok;
            sum.errors += one.errors;
            sum.fallbacks += one.fallbacks;
            sum.attempts += one.attempts;
            sum.retries += one.retries;
        }
        sum
    });
    let all = all_of(here!(mixed));
    let seen = all.since_start;
    let right = [
        ("ok", own.ok),
        ("error", own.errors),
        ("fallback", own.fallbacks),
    ];
    assert_eq!(outcomes(&seen), right);
    assert_eq!((seen.calls, all.in_flight), (THREADS * CALLS, 0));
    assert_eq!((seen.attempts, seen.retries), (own.attempts, own.retries));
}

#[retry(max = 1)]
async fn sleeps(time: u64) -> Result<u64, Fault> {
    sleep(ms(time)).await;
    Ok(time)
}

#[tokio::test(start_paused = true)]
async fn percentiles_are_within_two_percent_of_the_sorted_truth() {
    let _alone = alone();
    let mut truth = Vec::new();
    let mut time = 1_u64;
    for n in 0..3_000_u64 {
        // From 1 ms to 40 s, more of the short ones.
        time = time * 7_919 % 104_729;
        let took = 1 + time * time % (40_000 / (1 + n % 50));
        let began = Instant::now();
        let _ = sleeps(took).await;
        truth.push(began.elapsed());
    }
    truth.sort_unstable();
    let seen = of(here!(sleeps));
    for (share, found) in [(50, seen.p50), (90, seen.p90), (99, seen.p99)] {
        let right = truth[(truth.len() * share).div_ceil(100) - 1];
        let off = (found.as_secs_f64() / right.as_secs_f64() - 1.0).abs();
        assert!(off <= 0.02, "p{share}: {found:?}, and it is {right:?}");
    }
    assert_eq!(seen.max, *truth.last().unwrap());
    let mean = truth.iter().sum::<std::time::Duration>() / 3_000;
    assert!(seen.mean.abs_diff(mean) <= std::time::Duration::from_nanos(1));
}
