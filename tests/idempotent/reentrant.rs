//! A body that asks for a key that it holds itself: it would wait for itself, and is told at once.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};

use resil::idempotency::{IdempotencyError, IdempotencyEvent as Did};
use resil::{Class, Classify, Deadline, Error, breaker, circuit, idempotent, retry, timeout};
use tokio::time::sleep;

use super::support::{Events, Fault, Record, ms, poll_once};
use super::{did, refused};

type Call<'a> = Pin<Box<dyn Future<Output = Result<u32, Fault>> + Send + 'a>>;

#[track_caller]
fn reentrant(out: Result<u32, Fault>) {
    let e = refused(out);
    assert!(matches!(e, IdempotencyError::Reentrant { .. }), "{e}");
}

/// A factory that asks the cache for the key that it makes.
#[tokio::test(start_paused = true)]
async fn fusion_cache_513_a_body_that_asks_for_its_own_key_is_told_at_once() {
    #[idempotent(key = k)]
    async fn ouroboros(r: &Record, k: u32) -> Result<u32, Fault> {
        r.attempt();
        sleep(ms(100)).await;
        Box::pin(ouroboros(r, k)).await
    }
    let events = Events::of("reentrant::ouroboros");
    let r = Record::new();
    let e = refused(ouroboros(&r, 1).await);
    assert!(matches!(e, IdempotencyError::Reentrant { .. }), "{e}");
    assert!(
        e.to_string()
            .starts_with("`idempotent::reentrant::ouroboros`: "),
        "{e}"
    );
    assert_eq!(e.retry_after(), None);
    assert_eq!((r.count(), r.elapsed()), (1, 100));
    assert_eq!(did(&events), [Did::Reentrant, Did::Released]);
    // The error was the body's own answer: the key is free.
    reentrant(ouroboros(&r, 1).await);
    assert_eq!(r.count(), 2);
}

/// A computation that comes back to its key through those of others.
#[tokio::test(start_paused = true)]
async fn caffeine_712_a_key_that_comes_round_through_other_keys_is_told_at_once() {
    #[idempotent(name = "reentrant.a", key = k)]
    async fn a(r: &Record, k: u32, deep: u32) -> Result<u32, Fault> {
        r.attempt();
        sleep(ms(1)).await;
        b(r, k, deep).await
    }
    #[idempotent(name = "reentrant.b", key = k)]
    async fn b(r: &Record, k: u32, deep: u32) -> Result<u32, Fault> {
        r.attempt();
        sleep(ms(1)).await;
        let next: Pin<Box<dyn Future<Output = _>>> = match deep {
            0 => Box::pin(a(r, 1, 0)),
            _ => Box::pin(a(r, k + 1, deep - 1)),
        };
        next.await
    }
    for deep in [0, 1, 9] {
        let r = Record::new();
        reentrant(a(&r, 1, deep).await);
        assert_eq!(r.count(), 2 * (deep as usize + 1));
        assert_eq!(r.elapsed(), u64::from(2 * (deep + 1)));
    }
}

#[tokio::test(start_paused = true)]
async fn another_function_of_one_name_holds_the_key_too() {
    #[idempotent(name = "reentrant.shared", key = k)]
    async fn outer(r: &Record, k: u32) -> Result<u32, Fault> {
        r.attempt();
        inner(r, k).await
    }
    #[idempotent(name = "reentrant.shared", key = k, conflict = reject, fingerprint = r.count())]
    async fn inner(r: &Record, k: u32) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    let r = Record::new();
    // Before it is looked whether it may wait, and by which fingerprint.
    reentrant(outer(&r, 1).await);
    assert_eq!(inner(&r, 1).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn another_key_and_another_scope_are_none_of_its_own() {
    #[idempotent(key = k)]
    async fn down(r: &Record, k: u32) -> Result<u32, Fault> {
        match k {
            0 => other(r, 1).await,
            k => Box::pin(down(r, k - 1)).await,
        }
    }
    #[idempotent(key = k)]
    async fn other(r: &Record, k: u32) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    let r = Record::new();
    assert_eq!(down(&r, 5).await, Ok(1));
    assert_eq!(down(&r, 3).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn what_a_body_makes_of_it_is_recorded() {
    #[idempotent(key = k)]
    async fn recovers(r: &Record, k: u32) -> Result<u32, Fault> {
        let n = r.attempt();
        reentrant(Box::pin(recovers(r, k)).await);
        Ok(n)
    }
    let r = Record::new();
    assert_eq!(recovers(&r, 1).await, Ok(1));
    assert_eq!(recovers(&r, 1).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn all_that_is_polled_in_a_body_is_under_its_claim() {
    #[idempotent(key = k)]
    async fn many(r: &Record, k: u32, inner: bool) -> Result<u32, Fault> {
        let n = r.attempt();
        if inner {
            return Ok(n);
        }
        sleep(ms(1)).await;
        let one = || Box::pin(many(r, k, true));
        let (a, b, c) = tokio::join!(one(), one(), async {
            sleep(ms(5)).await;
            one().await
        });
        for out in [a, b, c] {
            reentrant(out);
        }
        // By another waker, as streams have it.
        let mut late = pin!(async {
            sleep(ms(5)).await;
            one().await
        });
        let late = poll_fn(|cx| late.as_mut().poll(cx)).await;
        reentrant(late);
        Ok(n)
    }
    let r = Record::new();
    assert_eq!(many(&r, 1, false).await, Ok(1));
}

/// Begun outside, where it waits; brought in, it would wait for who polls it.
#[tokio::test(start_paused = true)]
async fn a_call_that_waits_already_and_is_brought_into_the_body_is_told_too() {
    type Slot = Arc<Mutex<Option<Call<'static>>>>;
    #[idempotent(key = k)]
    async fn takes_in(slot: Slot, k: u32) -> Result<u32, Fault> {
        sleep(ms(10)).await;
        let call = slot.lock().unwrap().take();
        match call {
            Some(call) => call.await,
            None => Ok(k),
        }
    }
    let slot = Slot::default();
    let mut owner = Box::pin(takes_in(Arc::clone(&slot), 1));
    assert!(poll_once(owner.as_mut()).await.is_pending());
    let mut waits: Call<'static> = Box::pin(takes_in(Slot::default(), 1));
    assert!(poll_once(waits.as_mut()).await.is_pending());
    *slot.lock().unwrap() = Some(waits);
    reentrant(owner.await);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_the_body_spawns_waits_as_others_do() {
    #[idempotent(name = "reentrant.spawned", key = k)]
    async fn spawns(r: Record, k: u32) -> Result<u32, Fault> {
        r.attempt();
        let task = Deadline::after(ms(500)).scope(spawned(r, k));
        tokio::spawn(task).await.expect("no panic")
    }
    #[idempotent(name = "reentrant.spawned", key = k)]
    async fn spawned(r: Record, k: u32) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    let r = Record::new();
    // A body that awaits it waits for itself, to the deadline in force: nobody can see that.
    let e = refused(spawns(r.clone(), 1).await);
    assert!(matches!(e, IdempotencyError::InProgress { .. }), "{e}");
    assert_eq!((r.count(), r.elapsed()), (1, 500));
}

#[tokio::test(start_paused = true)]
async fn a_task_of_its_own_that_is_polled_inside_the_body_waits_too() {
    #[idempotent(key = k)]
    async fn drives(r: &Record, k: u32) -> Result<u32, Fault> {
        let n = r.attempt();
        let local = tokio::task::LocalSet::new();
        let other = local.spawn_local({
            let r = r.clone();
            async move {
                Deadline::after(ms(500))
                    .scope(Box::pin(drives(&r, k)))
                    .await
            }
        });
        local.await;
        let e = refused(other.await.expect("no panic"));
        assert!(matches!(e, IdempotencyError::InProgress { .. }), "{e}");
        Ok(n)
    }
    let r = Record::new();
    let local = tokio::task::LocalSet::new();
    let out = local.run_until(async { drives(&r, 1).await }).await;
    assert_eq!((out, r.elapsed()), (Ok(1), 500));
}

#[tokio::test(start_paused = true)]
async fn calls_beside_each_other_wait_for_each_other() {
    #[idempotent(key = k)]
    async fn slow(r: &Record, k: u32) -> Result<u32, Fault> {
        sleep(ms(100)).await;
        Ok(r.attempt())
    }
    let r = Record::new();
    let both = tokio::join!(slow(&r, 1), slow(&r, 1));
    assert_eq!((both, r.elapsed()), ((Ok(1), Ok(1)), 100));
}

#[tokio::test(start_paused = true)]
async fn it_is_final_to_a_retry_and_neutral_to_a_circuit() {
    #[circuit(name = "reentrant.above", failures = 1)]
    #[retry(max = 3, base = 1s)]
    #[idempotent(key = k)]
    async fn around(r: &Record, k: u32) -> Result<u32, Fault> {
        r.attempt();
        Box::pin(around(r, k)).await
    }
    #[retry(max = 3, base = 1s)]
    #[circuit(name = "reentrant.outside", failures = 1)]
    #[timeout(9s)]
    async fn outside(r: &Record, k: u32) -> Result<u32, Error> {
        inside(r, k).await
    }
    #[idempotent(key = k)]
    async fn inside(r: &Record, k: u32) -> Result<u32, Error> {
        r.attempt();
        Box::pin(inside(r, k)).await
    }
    let r = Record::new();
    // Each level's `Fault` hides whose error it is: that is the outer retry's own business.
    let out = around(&r, 1).await;
    assert!(matches!(out, Err(Fault::Resil(_))), "{out:?}");
    let r = Record::new();
    let out = outside(&r, 1).await.expect_err("reentrant");
    assert_eq!(r.count(), 1);
    assert_eq!(out.classify(), Class::Neutral);
    assert_eq!(breaker("reentrant.outside").counts().failures, 0);
}
