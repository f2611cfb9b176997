//! All shapes of functions, and values.

use std::time::Duration;

use async_trait::async_trait;
use resil::{CircuitPolicy, Error, HedgeAfter, HedgePolicy, RetryPolicy, Stack, TimeoutPolicy};
use resil::{circuit, retry, stats, timeout};
use tokio::time::sleep;

use super::support::{Fault, ms, poll_once};
use super::{all_of, alone, here, of, outcomes};

#[retry(max = 2, delays = [1ms])]
#[tracing::instrument]
#[circuit(failures = 3)]
async fn in_groups(good: bool) -> Result<u32, Fault> {
    if good { Ok(1) } else { Err(Fault::Network(1)) }
}

#[tokio::test(start_paused = true)]
async fn groups_that_an_instrument_separates_are_one_call() {
    let _alone = alone();
    assert_eq!(in_groups(true).await, Ok(1));
    assert!(in_groups(false).await.is_err());
    let refused = in_groups(false).await;
    assert!(refused.is_err());
    let refused = in_groups(true).await;
    assert!(matches!(
        refused,
        Err(Fault::Resil(Error::CircuitOpen { .. }))
    ));
    let seen = of(here!(in_groups));
    assert_eq!(outcomes(&seen), [("ok", 1), ("error", 1), ("refused", 2)]);
    // 1, 2, and 1 before the circuit opened.
    assert_eq!(seen.attempts, 4);
}

#[async_trait]
trait Pays {
    async fn pay(&mut self, sum: u32) -> Result<u32, Fault>;
}

struct Shop(u32);

#[async_trait]
impl Pays for Shop {
    #[retry(max = 2, delays = [1ms])]
    async fn pay(&mut self, sum: u32) -> Result<u32, Fault> {
        self.0 += 1;
        if self.0 == 1 {
            Err(Fault::Network(1))
        } else {
            Ok(sum)
        }
    }
}

#[timeout(1s)]
async fn generic<T: Clone + Sync>(value: &T) -> Result<T, Fault> {
    Ok(value.clone())
}

#[retry(max = 2, delays = [1ms])]
fn blocking(runs: &mut u32) -> Result<u32, Fault> {
    *runs += 1;
    if *runs == 1 {
        Err(Fault::Network(1))
    } else {
        Ok(*runs)
    }
}

#[tokio::test(start_paused = true)]
async fn methods_instances_of_generics_and_functions_that_are_not_async() {
    let _alone = alone();
    assert_eq!(Shop(0).pay(7).await, Ok(7));
    let seen = of(here!(pay));
    assert_eq!((seen.ok, seen.attempts, seen.retries), (1, 2, 1));
    assert_eq!(generic(&7_u8).await, Ok(7));
    assert_eq!(generic(&String::new()).await, Ok(String::new()));
    assert_eq!(of(here!(generic)).ok, 2, "one site");
    assert_eq!(blocking(&mut 0), Ok(2));
    let seen = of(here!(blocking));
    assert_eq!((seen.ok, seen.attempts, seen.retries), (1, 2, 1));
}

static PAY: Stack = Stack::new("stats.pay")
    .timeout(Duration::from_secs(2))
    .circuit(CircuitPolicy::new().failures(3))
    .retry(RetryPolicy::new().max(2))
    .timeout(Duration::from_secs(1));

#[tokio::test(start_paused = true)]
async fn a_stack_is_seen_by_its_name() {
    let _alone = alone();
    let pay = |take: u64, out: Result<u32, u32>| {
        PAY.run(move || async move {
            sleep(ms(take)).await;
            out.map_err(Fault::Network)
        })
    };
    assert_eq!(pay(0, Ok(1)).await, Ok(1));
    assert_eq!(pay(10, Ok(1)).await, Ok(1));
    assert_eq!(pay(0, Err(1)).await, Err(Fault::Network(1)));
    let mut borrowed = 0;
    let out = PAY.run_mut(async || {
        borrowed += 1;
        if borrowed == 1 {
            Err(Fault::Network(1))
        } else {
            Ok(borrowed)
        }
    });
    assert_eq!(out.await, Ok(2));
    let panicking = tokio::spawn(PAY.run(|| async { panic!("the closure") }));
    let panicked: Result<Result<u32, Fault>, _> = panicking.await;
    assert!(panicked.is_err());
    let mut dropped = Box::pin(pay(10, Ok(1)));
    assert!(poll_once(dropped.as_mut()).await.is_pending());
    assert_eq!(all_of("stats.pay").in_flight, 1);
    drop(dropped);
    assert!(pay(3_000, Ok(1)).await.is_err(), "each attempt is late");
    assert!(pay(0, Err(1)).await.is_err());
    let refused = pay(0, Ok(1)).await;
    let refused = matches!(refused, Err(Fault::Resil(Error::CircuitOpen { .. })));
    let seen = of("stats.pay");
    let mut right = vec![
        ("ok", 3),
        ("error", 2),
        ("timeout", 1),
        ("dropped", 1),
        ("panicked", 1),
    ];
    if refused {
        right.insert(3, ("refused", 1));
    } else {
        right[0].1 += 1;
    }
    assert_eq!(outcomes(&seen), right);
    assert!(seen.retries >= 3 && seen.limits_passed >= 1, "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn a_value_is_seen_by_its_place() {
    let _alone = alone();
    let limit = TimeoutPolicy::new(ms(10));
    let late = limit.run(|| async { std::future::pending::<Result<u32, Fault>>().await });
    assert!(late.await.is_err());
    let copies = HedgePolicy::new(HedgeAfter::Delay(ms(10)));
    let out = copies.run(|| async {
        sleep(ms(15)).await;
        Ok::<_, Fault>(1)
    });
    assert_eq!(out.await, Ok(1));
    let all = stats();
    let here: Vec<_> = all
        .functions
        .iter()
        .map(|of| (of.function, of.since_start))
        .filter(|(name, _)| name.starts_with(file!()))
        .collect();
    assert_eq!(here.len(), 2, "{all}");
    let (limited, hedged) = (&here[0].1, &here[1].1);
    assert_eq!(outcomes(limited), [("timeout", 1)]);
    assert_eq!(outcomes(hedged), [("ok", 1)]);
    assert_eq!(
        (hedged.attempts, hedged.hedges, hedged.hedges_won),
        (2, 1, 0)
    );
}
