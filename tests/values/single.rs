//! Each policy by itself: its state is that of the place in the source.

use std::time::Duration;

use resil::event::{Event, StopReason};
use resil::{
    BudgetPolicy, BulkheadPolicy, CircuitPolicy, Error, Jitter, RateLimitPolicy, RetryPolicy,
    TimeoutPolicy, registry,
};
use tokio::time::sleep;

use crate::support::{Events, Fault, Record, ms};

const STANDARD: RetryPolicy = RetryPolicy::new().max(3).base(ms(100)).jitter(Jitter::None);

#[tokio::test(start_paused = true)]
async fn retry() {
    let record = Record::new();
    let out = STANDARD
        .run(|| async {
            match record.attempt() {
                3 => Ok(3),
                n => Err(Fault::Network(n)),
            }
        })
        .await;
    assert_eq!(out, Ok(3));
    assert_eq!(record.times(), [0, 100, 300]);
}

/// It refuses nothing, and so asks nothing of the error but its text.
#[tokio::test(start_paused = true)]
async fn a_retry_needs_no_conversion() {
    let record = Record::new();
    let out = STANDARD.run(|| async {
        record.attempt();
        "7x".parse::<u32>()
    });
    assert!(out.await.is_err());
    assert_eq!(record.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn timeout() {
    const SHORT: TimeoutPolicy = TimeoutPolicy::new(ms(800));
    let record = Record::new();
    let out: Result<(), Error> = SHORT
        .run(|| async {
            sleep(ms(900)).await;
            Ok(())
        })
        .await;
    let Err(Error::Timeout {
        function, limit, ..
    }) = out
    else {
        panic!("{out:?}");
    };
    assert_eq!((limit, record.elapsed()), (ms(800), 800));
    assert!(
        function.starts_with("tests/values/single.rs:"),
        "{function}"
    );
}

#[tokio::test(start_paused = true)]
async fn circuit() {
    const CIRCUIT: CircuitPolicy = CircuitPolicy::new().failures(2);
    async fn here(up: bool) -> Result<(), Fault> {
        CIRCUIT
            .run(|| async { if up { Ok(()) } else { Err(Fault::Final) } })
            .await
    }
    assert_eq!(here(false).await, Err(Fault::Final));
    assert_eq!(here(false).await, Err(Fault::Final));
    let out = here(true).await;
    let Err(Fault::Resil(Error::CircuitOpen { name, .. })) = out else {
        panic!("{out:?}");
    };
    assert!(name.starts_with("tests/values/single.rs:"), "{name}");
    // Another place has another breaker.
    assert_eq!(CIRCUIT.run(|| async { Ok::<_, Fault>(()) }).await, Ok(()));
    let all = registry().snapshot();
    let ours = all
        .iter()
        .filter(|b| b.name.starts_with("tests/values/single.rs:"));
    assert_eq!(ours.count(), 2, "{all:?}");
}

#[tokio::test(start_paused = true)]
async fn bulkhead() {
    const ONE: BulkheadPolicy = BulkheadPolicy::new().max(1);
    let call = || {
        ONE.run(|| async {
            sleep(ms(10)).await;
            Ok::<_, Error>(())
        })
    };
    let (a, b) = tokio::join!(call(), call());
    assert!(
        a.is_ok() && matches!(b, Err(Error::BulkheadFull { .. })),
        "{b:?}"
    );
    assert!(call().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn rate_limit() {
    const SLOW: RateLimitPolicy = RateLimitPolicy::new().max(2).per(Duration::from_secs(1));
    let call = || SLOW.run(|| async { Ok::<_, Error>(()) });
    assert!(call().await.is_ok() && call().await.is_ok());
    let out = call().await;
    let Err(Error::RateLimited { retry_after, .. }) = out else {
        panic!("{out:?}");
    };
    assert_eq!(retry_after, Some(ms(500)));
}

#[tokio::test(start_paused = true)]
async fn the_budget_belongs_to_the_place() {
    const POOR: RetryPolicy = STANDARD.budget(BudgetPolicy::new(10, 5).refill(0));
    async fn here(record: &Record) -> Result<(), Fault> {
        POOR.run(|| async { Err(Fault::Network(record.attempt())) })
            .await
    }
    let (record, events) = (Record::new(), Events::of(""));
    assert!(here(&record).await.is_err());
    assert!(here(&record).await.is_err());
    let there = POOR.run(|| async { Err::<(), _>(Fault::Network(record.attempt())) });
    assert!(there.await.is_err());
    assert_eq!(record.count(), 3 + 1 + 3);
    let budget = |event: &Event| matches!(event, Event::RetryStopped { function, reason: StopReason::Budget, .. } if function.starts_with("tests/values/single.rs:"));
    assert!(events.all().iter().any(budget));
}

#[cfg(feature = "hedge")]
#[tokio::test(start_paused = true)]
async fn hedge() {
    use resil::{HedgeAfter, HedgePolicy};
    const SLOW: HedgePolicy = HedgePolicy::new(HedgeAfter::Delay(ms(50))).max(3);
    let record = Record::new();
    let call = || async {
        match record.attempt() {
            // The first copy hangs, and the second ends with an error that does not end the call.
            1 => sleep(Duration::from_secs(60)).await,
            2 => return Err(Fault::Network(2)),
            _ => {}
        }
        Ok(record.elapsed())
    };
    assert_eq!(SLOW.run(call).await, Ok(50));
    assert_eq!(record.times(), [0, 50, 50]);
    // A permanent error ends it.
    #[derive(Debug, thiserror::Error, resil::Classify)]
    #[error("declined")]
    #[permanent]
    struct Declined;
    let record = Record::new();
    let out = SLOW.run(|| async {
        record.attempt();
        Err::<(), _>(Declined)
    });
    assert!(out.await.is_err());
    assert_eq!(record.count(), 1);
    let sent = tokio::spawn(SLOW.run(|| async { Ok::<_, Fault>(1) }));
    assert_eq!(sent.await.unwrap(), Ok(1));
}
