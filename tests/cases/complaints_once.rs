//! What users of idempotency layers, single-flight groups and memoizing caches complained of in
//! public, replayed: one test a complaint, named by the project and the number of the thread. Those
//! about keys are in `complaints_keys.rs`. Where a comment says "ours", resil differs from what was asked for, and `LANGUAGE.md`, section 6,
//! has the reason.

use std::collections::VecDeque;
use std::pin::pin;

use resil::idempotency::IdempotencyError;
use resil::{Deadline, Error, idempotent, timeout};
use tokio::time::{advance, sleep};

use crate::complaints_keys::refused;
use crate::support::{Fault, Record, ms, poll_once};

type Out = Result<u32, Fault>;

/// A body that takes a second.
#[idempotent(key = k)]
async fn second(r: &Record, k: &str) -> Out {
    let n = r.attempt();
    sleep(ms(1_000)).await;
    Ok(n)
}

// Who runs, who waits.

#[tokio::test(start_paused = true)]
async fn cached_158_other_keys_do_not_wait() {
    // jaemk/cached issue 158: with `sync_writes` calls with different arguments ran one by one.
    let r = Record::new();
    let (a, b, c, a_again) = tokio::join!(
        second(&r, "a"),
        second(&r, "b"),
        second(&r, "c"),
        second(&r, "a")
    );
    assert_eq!((a, b, c, a_again), (Ok(1), Ok(2), Ok(3), Ok(1)));
    assert_eq!((r.times(), r.elapsed()), (vec![0, 0, 0], 1_000));
}

#[tokio::test(start_paused = true)]
async fn singleflight_4_a_waiter_that_leaves_takes_nothing_along() {
    // janos/singleflight issue 4: the first to give up removed the key, and who came after ran the
    // function a second time beside the first.
    let r = Record::new();
    let mut owner = pin!(second(&r, "leave"));
    assert!(poll_once(owner.as_mut()).await.is_pending());
    for _ in 0..3 {
        assert!(poll_once(pin!(second(&r, "leave"))).await.is_pending());
    }
    let late = async {
        sleep(ms(500)).await;
        second(&r, "leave").await
    };
    assert_eq!(tokio::join!(owner, late), (Ok(1), Ok(1)));
    assert_eq!((r.count(), r.elapsed()), (1, 1_000));
}

#[tokio::test(start_paused = true)]
async fn spicedb_925_the_first_callers_deadline_is_not_that_of_the_others() {
    // authzed/spicedb PR 925: the flight had the context of who came first; when that was
    // cancelled, all the others got its error. Ours: the next one runs, and who waits goes on.
    let r = Record::new();
    let hasty = timeout_of(&r, "hasty");
    let (first, others) = tokio::join!(hasty, async {
        tokio::join!(second(&r, "hasty"), second(&r, "hasty"))
    });
    assert!(
        matches!(first, Err(Fault::Resil(Error::Timeout { .. }))),
        "{first:?}"
    );
    assert_eq!(others, (Ok(2), Ok(2)));
    assert_eq!(r.times(), [0, 100]);
}

#[timeout(100ms)]
async fn timeout_of(r: &Record, k: &str) -> Out {
    second(r, k).await
}

#[tokio::test(start_paused = true)]
async fn rueidis_1014_who_waits_gets_no_success_of_a_run_that_failed() {
    // redis/rueidis PR 1014: a caller that joined a run was told `nil`, which reads as success,
    // however the run ended. Ours: an error frees the key, and the next one runs itself; a stored
    // error is everybody's.
    #[idempotent(key = k)]
    async fn refresh(r: &Record, k: &str) -> Out {
        let n = r.attempt();
        sleep(ms(1_000)).await;
        if n < 3 { Err(Fault::Network(n)) } else { Ok(n) }
    }
    let r = Record::new();
    let all = tokio::join!(
        refresh(&r, "k"),
        refresh(&r, "k"),
        refresh(&r, "k"),
        refresh(&r, "k")
    );
    assert_eq!(
        all,
        (Err(Fault::Network(1)), Err(Fault::Network(2)), Ok(3), Ok(3))
    );
    assert_eq!(r.times(), [0, 1_000, 2_000]);

    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Down(u32);
    impl From<Error> for Down {
        fn from(e: Error) -> Self {
            panic!("{e}")
        }
    }
    #[idempotent(key = k, errors = store)]
    async fn stored(r: &Record, k: &str) -> Result<u32, Down> {
        let n = r.attempt();
        sleep(ms(1_000)).await;
        Err(Down(n))
    }
    let r = Record::new();
    let all = tokio::join!(stored(&r, "k"), stored(&r, "k"), stored(&r, "k"));
    assert_eq!(all, (Err(Down(1)), Err(Down(1)), Err(Down(1))));
    assert_eq!(r.elapsed(), 1_000);
}

#[tokio::test(start_paused = true)]
async fn moka_59_three_hundred_owners_that_were_aborted() {
    // moka-rs/moka issue 59: a server drops a handler when its client goes; the next call for that
    // key panicked, "too many retries". Here each owner is aborted with all the others waiting, and
    // then three hundred with nobody waiting.
    let r = Record::new();
    let call = |k: &'static str| {
        let r = r.clone();
        async move { second(&r, k).await }
    };
    let mut calls: VecDeque<_> = (0..=300).map(|_| tokio::spawn(call("moka"))).collect();
    while calls.len() > 1 {
        sleep(ms(1)).await;
        let owner = calls.pop_front().unwrap();
        owner.abort();
        assert!(owner.await.unwrap_err().is_cancelled());
    }
    assert_eq!(calls.pop_front().unwrap().await.unwrap(), Ok(301));
    assert_eq!(r.count(), 301, "each of them ran");
    for n in 302..=600 {
        assert!(poll_once(pin!(call("moka.again"))).await.is_pending());
        assert_eq!(r.count(), n);
    }
    assert_eq!(call("moka.again").await, Ok(601));
}

#[tokio::test(start_paused = true)]
async fn moka_46_a_panic_is_the_callers_who_ran() {
    // moka-rs/moka PR 46 (issue 43): a panic in the init future left its waiters hanging, or hit
    // them as well.
    #[idempotent(key = k)]
    async fn init(r: Record, k: &'static str) -> Out {
        let n = r.attempt();
        sleep(ms(1_000)).await;
        assert!(n > 2, "the body's own");
        Ok(n)
    }
    let r = Record::new();
    let calls: Vec<_> = (0..5).map(|_| tokio::spawn(init(r.clone(), "k"))).collect();
    let mut panics = 0;
    for call in calls {
        match call.await {
            Ok(out) => assert_eq!(out, Ok(3)),
            Err(e) => panics += u32::from(e.is_panic()),
        }
    }
    assert_eq!((panics, r.times()), (2, vec![0, 1_000, 2_000]));
}

#[tokio::test(start_paused = true)]
async fn caching_218_the_result_expires_under_load() {
    // aspnet/Caching issue 218: when a popular value expired, the thousand requests of that second
    // computed it a thousand times.
    #[idempotent(key = k, ttl = 1s)]
    async fn popular(r: Record, k: &'static str) -> Out {
        let n = r.attempt();
        sleep(ms(500)).await;
        Ok(n)
    }
    let r = Record::new();
    assert_eq!(popular(r.clone(), "k").await, Ok(1));
    advance(ms(1_000)).await;
    let calls: Vec<_> = (0..1_000)
        .map(|_| tokio::spawn(popular(r.clone(), "k")))
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), Ok(2));
    }
    assert_eq!((r.count(), r.elapsed()), (2, 2_000));
}

// How long.

#[tokio::test(start_paused = true)]
async fn cached_property_66_the_ttl_begins_when_the_result_is_there() {
    // pydanny/cached-property issue 66: the ttl began when the function was called, and one that
    // ran longer than it was called again at once.
    #[idempotent(key = k, ttl = 1s)]
    async fn slow(r: &Record, k: &str) -> Out {
        let n = r.attempt();
        sleep(ms(2_000)).await;
        Ok(n)
    }
    let r = Record::new();
    assert_eq!(slow(&r, "k").await, Ok(1));
    assert_eq!(slow(&r, "k").await, Ok(1));
    advance(ms(999)).await;
    assert_eq!(slow(&r, "k").await, Ok(1));
    assert_eq!(r.elapsed(), 2_999);
    advance(ms(1)).await;
    assert_eq!(slow(&r, "k").await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn truxify_5846_a_handler_longer_than_its_lock() {
    // KanishJebaMathewM/Truxify issue 5846: the lock held for 10 s, the deposit took 60; a
    // duplicate came in between and deposited as well. Issue 4696 (PR 4697): and a duplicate was sent
    // off after 200 ms, although it only had to wait.
    #[idempotent(key = k, lease = 10s)]
    async fn deposit(r: &Record, k: &str) -> Out {
        let n = r.attempt();
        sleep(ms(60_000)).await;
        Ok(n)
    }
    let r = Record::new();
    let after = |wait| {
        let r = &r;
        async move {
            sleep(ms(wait)).await;
            deposit(r, "k").await
        }
    };
    let all = tokio::join!(
        after(0),
        after(1),
        after(10_001),
        after(59_999),
        after(60_001)
    );
    assert_eq!(all, (Ok(1), Ok(1), Ok(1), Ok(1), Ok(1)));
    assert_eq!((r.count(), r.elapsed()), (1, 60_001));
}

#[idempotent(name = "powertools.1038", key = k, ttl = 24h)]
#[timeout(1s)]
async fn handler(r: &Record, k: &str, takes: u64) -> Out {
    let n = r.attempt();
    sleep(ms(takes)).await;
    Ok(n)
}

#[idempotent(name = "powertools.8049", key = k, ttl = 24h, on_abandon = indeterminate)]
#[timeout(1s)]
async fn withdraw(r: &Record, k: &str, takes: u64) -> Out {
    let n = r.attempt();
    sleep(ms(takes)).await;
    Ok(n)
}

#[tokio::test(start_paused = true)]
async fn powertools_1038_a_handler_that_timed_out() {
    // aws-powertools/powertools-lambda-python issue 1038: the record of a run that timed out stayed
    // in progress, and every retry was refused. pathosDev/actor-ts issue 984: for the 24 h of the
    // response. Ours: the next caller runs, at once.
    let r = Record::new();
    let timed_out = |out| matches!(out, Err(Fault::Resil(Error::Timeout { .. })));
    assert!(timed_out(handler(&r, "k", 9_000).await));
    assert_eq!(handler(&r, "k", 500).await, Ok(2));
    assert_eq!(handler(&r, "k", 500).await, Ok(2));
    assert_eq!(r.times(), [0, 1_000]);
    // powertools-lambda-python issue 8049: and the other way round, a withdrawal that timed out
    // must not run again, for as long as the record lives.
    let r = Record::new();
    assert!(timed_out(withdraw(&r, "k", 9_000).await));
    let again = refused(withdraw(&r, "k", 500).await);
    assert!(
        matches!(again, IdempotencyError::Indeterminate { .. }),
        "{again}"
    );
    advance(ms(23 * 3_600_000)).await;
    assert!(matches!(
        refused(withdraw(&r, "k", 500).await),
        IdempotencyError::Indeterminate { .. }
    ));
    assert_eq!(r.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn powertools_1038_by_the_callers_own_deadline() {
    // The same where the limit is the platform's: it stands around the handler, not in it.
    let r = Record::new();
    let cut = Deadline::after(ms(300))
        .scope(handler(&r, "platform", 900))
        .await;
    assert!(
        matches!(cut, Err(Fault::Resil(Error::Timeout { .. }))),
        "{cut:?}"
    );
    assert_eq!(handler(&r, "platform", 500).await, Ok(2));
    assert_eq!(r.times(), [0, 300]);
}

// What is replayed.

#[tokio::test(start_paused = true)]
async fn drift_81_results_that_read_as_nothing() {
    // ryangoree/drift PR 81: a cached value that was falsy was taken for none, and fetched anew.
    #[idempotent(key = k)]
    async fn unit(r: &Record, k: &str) -> Result<(), Fault> {
        r.attempt();
        Ok(())
    }
    #[idempotent(key = k)]
    async fn none(r: &Record, k: &str) -> Result<Option<u32>, Fault> {
        r.attempt();
        Ok(None)
    }
    #[idempotent(key = k)]
    async fn zero(r: &Record, k: &str) -> Result<(u32, bool, String, Vec<u32>), Fault> {
        r.attempt();
        Ok((0, false, String::new(), Vec::new()))
    }
    let r = Record::new();
    for _ in 0..3 {
        assert_eq!(unit(&r, "k").await, Ok(()));
        assert_eq!(none(&r, "k").await, Ok(None));
        assert_eq!(
            zero(&r, "k").await,
            Ok((0, false, String::new(), Vec::new()))
        );
    }
    assert_eq!(r.count(), 3);
}
