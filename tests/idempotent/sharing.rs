//! Several calls with one key: leases, fingerprints, and who waits for whom.

use std::pin::pin;
use std::time::Duration;

use resil::idempotency::{IdempotencyError, IdempotencyEvent as Did};
use resil::{Deadline, idempotent, retry, timeout};
use tokio::time::{advance, sleep};

use super::support::{Events, Fault, Record, ms, poll_once};
use super::{did, refused};

// The lease.

#[tokio::test(start_paused = true)]
async fn a_body_of_thirty_leases_keeps_its_claim() {
    #[idempotent(key = k, lease = 100ms)]
    async fn slow(r: &Record, k: u32) -> Result<u32, Fault> {
        let n = r.attempt();
        sleep(ms(3_000)).await;
        Ok(n)
    }
    let events = Events::of("idempotent::sharing::slow");
    let r = Record::new();
    let second = async {
        sleep(ms(2_900)).await;
        slow(&r, 1).await
    };
    assert_eq!(tokio::join!(slow(&r, 1), second), (Ok(1), Ok(1)));
    assert_eq!((r.count(), r.elapsed()), (1, 3_000));
    assert_eq!(did(&events), [Did::Waiting, Did::Replayed]);
}

#[tokio::test(start_paused = true)]
async fn a_lease_of_thirty_seconds_is_renewed_at_each_third() {
    #[idempotent(key = k, conflict = reject)]
    async fn renewed(r: &Record, k: u32) -> Result<u32, Fault> {
        let n = r.attempt();
        sleep(ms(40_000)).await;
        Ok(n)
    }
    let r = Record::new();
    let others = async {
        for (at, left) in [
            (0, 30_000),
            (9_999, 20_001),
            (10_001, 29_999),
            (19_999, 20_001),
            (20_001, 29_999),
        ] {
            sleep(ms(at - r.elapsed())).await;
            let e = refused(renewed(&r, 1).await);
            assert_eq!(e.retry_after(), Some(ms(left)), "at {at}");
        }
    };
    assert_eq!(tokio::join!(renewed(&r, 1), others).0, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn the_claim_is_kept_through_the_waits_between_attempts() {
    #[idempotent(key = k, lease = 100ms)]
    #[retry(constant, max = 2, base = 10s, jitter = none)]
    async fn patient(r: &Record, k: u32) -> Result<u32, Fault> {
        match r.attempt() {
            1 => Err(Fault::Network(1)),
            n => Ok(n),
        }
    }
    let r = Record::new();
    let second = async {
        sleep(ms(9_000)).await;
        patient(&r, 1).await
    };
    assert_eq!(tokio::join!(patient(&r, 1), second), (Ok(2), Ok(2)));
    assert_eq!(r.times(), [0, 10_000]);
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_stood_still_is_dropped_where_it_stands() {
    #[idempotent(key = k, lease = 100ms)]
    async fn stalls(r: &Record, k: u32, takes: Duration) -> Result<u32, Fault> {
        let n = r.attempt();
        sleep(takes).await;
        r.attempt();
        Ok(n)
    }
    let r = Record::new();
    let mut owner = pin!(stalls(&r, 1, ms(150)));
    assert!(poll_once(owner.as_mut()).await.is_pending());
    advance(ms(200)).await;
    let mut next = pin!(stalls(&r, 1, ms(50)));
    assert!(poll_once(next.as_mut()).await.is_pending());
    let e = refused(owner.await);
    assert!(matches!(e, IdempotencyError::LeaseLost { .. }), "{e}");
    assert_eq!(r.count(), 2, "the first one went no step further");
    assert_eq!(next.await, Ok(2));
}

// The fingerprint.

#[tokio::test(start_paused = true)]
async fn another_fingerprint_is_key_reused_and_nothing_runs() {
    #[idempotent(key = id, fingerprint = (cents, note))]
    async fn charge(r: &Record, id: u32, cents: u32, note: Option<&str>) -> Result<u32, Fault> {
        sleep(ms(1_000)).await;
        Ok(r.attempt())
    }
    let r = Record::new();
    let reused = |out| matches!(refused(out), IdempotencyError::KeyReused { .. });
    // At once, while the first one runs; and when it is done.
    let other = async {
        sleep(ms(10)).await;
        let out = charge(&r, 1, 501, None).await;
        (out, r.elapsed())
    };
    let (first, (second, at)) = tokio::join!(charge(&r, 1, 500, None), other);
    assert_eq!((first, at), (Ok(1), 10));
    assert!(reused(second));
    assert!(reused(charge(&r, 1, 501, None).await));
    assert!(reused(charge(&r, 1, 500, Some("")).await));
    assert_eq!(charge(&r, 1, 500, None).await, Ok(1));
    assert_eq!(charge(&r, 2, 501, None).await, Ok(2));
    assert_eq!(r.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_freed_key_may_come_again_with_another_fingerprint() {
    #[idempotent(key = id, fingerprint = cents)]
    async fn declines(r: &Record, id: u32, cents: u32) -> Result<u32, Fault> {
        r.attempt();
        if cents > 100 {
            Err(Fault::Final)
        } else {
            Ok(cents)
        }
    }
    let r = Record::new();
    assert_eq!(declines(&r, 1, 500).await, Err(Fault::Final));
    assert_eq!(declines(&r, 1, 50).await, Ok(50));
}

// Two at a time.

#[tokio::test(start_paused = true)]
async fn d18_a_hundred_concurrent_calls_with_one_key_run_once_and_share_the_result() {
    #[idempotent(key = k)]
    #[timeout(20s)]
    #[retry(constant, max = 2, base = 1s, jitter = none)]
    #[timeout(9s)]
    async fn hundred(r: Record, k: u32) -> Result<u32, Fault> {
        let n = r.attempt();
        sleep(ms(500)).await;
        if n == 1 {
            Err(Fault::Network(n))
        } else {
            Ok(n)
        }
    }
    let r = Record::new();
    let calls: Vec<_> = (0..100)
        .map(|_| tokio::spawn(hundred(r.clone(), 1)))
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), Ok(2));
    }
    assert_eq!((r.times(), r.elapsed()), (vec![0, 1_500], 2_000));
}

#[tokio::test(start_paused = true)]
async fn reject_is_told_that_it_is_in_progress() {
    #[idempotent(key = k, conflict = reject, lease = 30s)]
    async fn rejects(r: &Record, k: u32) -> Result<u32, Fault> {
        let n = r.attempt();
        sleep(ms(4_000)).await;
        Ok(n)
    }
    let r = Record::new();
    let second = async {
        sleep(ms(3_000)).await;
        let e = refused(rejects(&r, 1).await);
        (e, r.elapsed())
    };
    let (first, (e, at)) = tokio::join!(rejects(&r, 1), second);
    assert_eq!((first, at), (Ok(1), 3_000));
    let IdempotencyError::InProgress { name, retry_in, .. } = e else {
        panic!("{e}");
    };
    assert!(name.ends_with("rejects"), "{name}");
    assert_eq!(retry_in, Some(ms(27_000)));
    assert_eq!(rejects(&r, 1).await, Ok(1), "done: replayed");
}

#[idempotent(key = k)]
pub(super) async fn takes_a_minute(r: &Record, k: &str) -> Result<u32, Fault> {
    let n = r.attempt();
    sleep(ms(60_000)).await;
    Ok(n)
}

#[tokio::test(start_paused = true)]
async fn a_second_caller_waits_at_most_to_the_deadline_in_force() {
    #[timeout(5s)]
    async fn hurried(r: &Record, k: &str) -> Result<u32, Fault> {
        takes_a_minute(r, k).await
    }
    let k = "deadline";
    let r = Record::new();
    let mut owner = pin!(takes_a_minute(&r, k));
    assert!(poll_once(owner.as_mut()).await.is_pending());
    let scoped = Deadline::after(ms(7_000)).scope(takes_a_minute(&r, k));
    let e = refused(scoped.await);
    assert!(matches!(e, IdempotencyError::InProgress { .. }), "{e}");
    assert_eq!(r.elapsed(), 7_000);
    let e = refused(hurried(&r, k).await);
    assert!(matches!(e, IdempotencyError::InProgress { .. }), "{e}");
    assert_eq!(r.elapsed(), 12_000);
    // A later deadline is nothing to it.
    let scoped = Deadline::after(ms(500_000)).scope(takes_a_minute(&r, k));
    assert_eq!(tokio::join!(owner, scoped), (Ok(1), Ok(1)));
    assert_eq!((r.count(), r.elapsed()), (1, 60_000));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_below_does_not_bound_the_wait() {
    #[idempotent(key = k)]
    #[timeout(2s)]
    async fn timed(r: &Record, k: u32) -> Result<u32, Fault> {
        let n = r.attempt();
        sleep(ms(1_900)).await;
        if n == 1 { Err(Fault::Final) } else { Ok(n) }
    }
    let r = Record::new();
    // Waits 1.9 s for the first one, and then has two seconds of its own.
    let both = tokio::join!(timed(&r, 1), timed(&r, 1));
    assert_eq!(both, (Err(Fault::Final), Ok(2)));
    assert_eq!(r.elapsed(), 3_800);
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_error_lets_the_next_waiter_run_while_the_others_go_on_waiting() {
    #[idempotent(key = k)]
    async fn third_time(r: &Record, k: u32) -> Result<u32, Fault> {
        let n = r.attempt();
        sleep(ms(1_000)).await;
        if n < 3 { Err(Fault::Network(n)) } else { Ok(n) }
    }
    let r = Record::new();
    let one = || third_time(&r, 1);
    let all = tokio::join!(one(), one(), one(), one(), one());
    let failed = |n| Err(Fault::Network(n));
    assert_eq!(all, (failed(1), failed(2), Ok(3), Ok(3), Ok(3)));
    assert_eq!((r.times(), r.elapsed()), (vec![0, 1_000, 2_000], 3_000));
}

#[tokio::test(start_paused = true)]
async fn a_cut_owner_is_succeeded_by_the_first_who_waits() {
    #[idempotent(key = String::from("the only one"))]
    #[timeout(1s)]
    async fn cut_first(r: &Record) -> Result<u32, Fault> {
        match r.attempt() {
            1 => std::future::pending().await,
            n => Ok(n),
        }
    }
    let r = Record::new();
    let (a, b, c) = tokio::join!(cut_first(&r), cut_first(&r), cut_first(&r));
    assert!(matches!(a, Err(Fault::Resil(resil::Error::Timeout { .. }))));
    assert_eq!((b, c), (Ok(2), Ok(2)));
    assert_eq!(r.times(), [0, 1_000]);
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_is_dropped_leaves_the_owner_alone() {
    let r = Record::new();
    let k = "dropped waiter";
    let mut owner = pin!(takes_a_minute(&r, k));
    assert!(poll_once(owner.as_mut()).await.is_pending());
    {
        let mut waiter = pin!(takes_a_minute(&r, k));
        assert!(poll_once(waiter.as_mut()).await.is_pending());
    }
    assert_eq!(tokio::join!(owner, takes_a_minute(&r, k)), (Ok(1), Ok(1)));
    assert_eq!(r.elapsed(), 60_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d18_on_many_threads_one_key_runs_once() {
    #[idempotent(key = (k, "threads"))]
    #[retry(max = 2, delays = [0ms])]
    async fn threads(r: Record, k: u32) -> Result<u32, Fault> {
        let n = r.attempt();
        tokio::task::yield_now().await;
        if n == 1 { Err(Fault::Final) } else { Ok(n) }
    }
    for k in 0..20 {
        let r = Record::new();
        let calls: Vec<_> = (0..100)
            .map(|_| tokio::spawn(threads(r.clone(), k)))
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap(), Ok(2));
        }
        assert_eq!(r.count(), 2);
    }
}
