//! The shutdown, of a part: what it ends, what goes on, and what comes later.

use std::pin::pin;

use resil::{Shutdown, bulkhead, hedge, idempotent, rate_limit, retry};
use tokio::time::sleep;

use super::*;

/// A shutdown that begins after so many milliseconds.
fn begins_after(after: u64) -> Shutdown {
    let part = Shutdown::new();
    let begins = part.clone();
    tokio::spawn(async move {
        sleep(ms(after)).await;
        begins.begin();
    });
    part
}

#[tokio::test(start_paused = true)]
async fn sleeps_and_waits_end_and_the_events_say_why() {
    #[retry(constant, max = 9, base = 1h, cap = 1h, jitter = none)]
    async fn patient(r: &Record) -> Result<u32, Fault> {
        fail(r).await
    }
    #[bulkhead(name = "shutdown-queue", max = 1, queue = 9)]
    async fn queued(r: &Record) -> Result<u32, Fault> {
        take(r, 1_000).await
    }
    #[rate_limit(name = "shutdown-turn", max = 1, per = 1h, burst = 1, wait = 10h)]
    async fn limited(r: &Record) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    #[idempotent(name = "shutdown-key", key = n)]
    async fn keyed(n: u32, r: &Record) -> Result<u32, Fault> {
        take(r, 1_000).await
    }
    let at = "cancel::shutdowns::patient";
    let stopped = Events::of(at);
    let [queue, turn, key] = ["shutdown-queue", "shutdown-turn", "shutdown-key"].map(Events::of);
    let r = Record::new();
    let part = begins_after(30);
    let out = part.scope(async {
        let both = async {
            let at = (queued(&r).await, r.elapsed());
            (at, r.elapsed())
        };
        assert!(limited(&r).await.is_ok());
        let (a, b, c) = (
            async { (patient(&r).await, r.elapsed()) },
            async { (limited(&r).await, r.elapsed()) },
            async { tokio::join!(keyed(7, &r), async { (keyed(7, &r).await, r.elapsed()) }) },
        );
        let second = async {
            sleep(ms(1)).await;
            (queued(&r).await, r.elapsed())
        };
        tokio::join!(both, second, a, b, c)
    });
    let (first, second, patient, limited, (owner, waiter)) = out.await;
    assert!(
        first.0.0.is_ok() && first.1 == 1_000,
        "what is in flight goes on: {first:?}"
    );
    assert!(owner.is_ok(), "{owner:?}");
    assert!(
        matches!(patient, (Err(Fault::Network(_)), 30)),
        "{patient:?}"
    );
    for (out, at) in [second, limited, waiter] {
        assert!(is_cancelled(&out), "{out:?}");
        assert_eq!(at, 30);
    }
    assert_eq!(stopped.stop(), Some(StopReason::Shutdown));
    for events in [queue, turn, key] {
        assert_eq!(ended(&events), [StopReason::Shutdown]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_comes_later_runs_once() {
    #[retry(max = 9)]
    async fn retried(r: &Record) -> Result<u32, Fault> {
        fail(r).await
    }
    #[hedge(after = 1ms, max = 5, budget = off)]
    async fn hedged(r: &Record) -> Result<u32, Fault> {
        take(r, 100).await
    }
    let part = Shutdown::new();
    part.begin();
    assert!(part.has_begun());
    let events = Events::of("cancel::shutdowns::retried");
    let r = Record::new();
    assert_eq!(part.scope(retried(&r)).await, Err(Fault::Network(1)));
    assert_eq!(events.stop(), Some(StopReason::Shutdown));
    assert_eq!(part.scope(hedged(&r)).await, Ok(2));
    assert_eq!((r.times(), r.elapsed()), (vec![0, 0], 100));
}

#[tokio::test(start_paused = true)]
async fn begun_tells_when_it_begins() {
    let part = Shutdown::new();
    let mut begun = pin!(part.begun());
    assert!(poll_once(begun.as_mut()).await.is_pending());
    part.begin();
    begun.await;
    part.begun().await;
}

#[tokio::test(start_paused = true)]
async fn one_of_a_part_is_about_that_part() {
    #[retry(constant, max = 2, base = 1h, cap = 1h, jitter = none)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        fail(r).await
    }
    let (part, other, r) = (Shutdown::new(), Shutdown::new(), Record::new());
    part.begin();
    assert!(!other.has_begun() && !Shutdown::process().has_begun());
    assert_eq!(other.scope(f(&r)).await, Err(Fault::Network(2)));
    assert_eq!(r.elapsed(), 3_600_000);
    // Inside one another, each of them ends the waits.
    let out = other.scope(part.scope(resil::spawn(async {}))).await;
    assert!(out.is_ok());
    assert_eq!(part.scope(other.scope(f(&r))).await, Err(Fault::Network(3)));
}
