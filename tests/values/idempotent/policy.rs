//! `IdempotentPolicy::run`: keys, scopes, and what a call may say beside its key.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Waker};

use resil::idempotency::{
    Conflict, IdempotencyError, IdempotencyEvent as Did, IdempotentPolicy, KeyFault,
    NotRecordedReason, OnAbandon,
};
use resil::idempotent;
use tokio::time::sleep;

use super::{did, refused};
use crate::support::{Events, Fault, Record, ms, poll_once};

const ONCE: IdempotentPolicy = IdempotentPolicy::new();

#[tokio::test(start_paused = true)]
async fn a_key_runs_once() {
    let r = Record::new();
    let charge = |id: u32| ONCE.run(id, || async { Ok::<_, Fault>(r.attempt()) });
    assert_eq!(charge(1).await, Ok(1));
    assert_eq!(charge(1).await, Ok(1));
    assert_eq!(charge(2).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn an_error_frees_the_key() {
    let r = Record::new();
    let charge = || {
        ONCE.run("an order", || async {
            match r.attempt() {
                1 => Err(Fault::Final),
                n => Ok(n),
            }
        })
    };
    assert_eq!(charge().await, Err(Fault::Final));
    assert_eq!(charge().await, Ok(2));
    assert_eq!(charge().await, Ok(2));
}

/// What a key may be: a reference, a value that is a key as it stands, a tuple.
#[tokio::test(start_paused = true)]
async fn keys_of_many_kinds() {
    let r = Record::new();
    let run = || async { Ok::<_, Fault>(r.attempt()) };
    let named = ONCE.name("values.keys");
    assert_eq!(named.run(7_u32, run).await, Ok(1));
    assert_eq!(named.run(&7_u64, run).await, Ok(1), "by value");
    assert_eq!(named.run("7", run).await, Ok(2));
    assert_eq!(named.run(String::from("7"), run).await, Ok(2));
    assert_eq!(named.run((7, "a"), run).await, Ok(3));
    assert_eq!(named.run(("7", "a"), run).await, Ok(4));
    assert_eq!(named.run(&(7, "a"), run).await, Ok(5), "one part");
    assert_eq!(named.run((7,), run).await, Ok(1), "one part too");
}

#[tokio::test(start_paused = true)]
async fn without_a_name_keys_belong_to_the_place() {
    let r = Record::new();
    let run = || async { Ok::<_, Fault>(r.attempt()) };
    assert_eq!(ONCE.run(&1, run).await, Ok(1));
    assert_eq!(ONCE.run(&1, run).await, Ok(2), "another place");
    let Err(error) = ONCE.run("", run).await else {
        panic!("no key")
    };
    let error = refused::<u32>(Err(error));
    let IdempotencyError::InvalidKey {
        name, part, reason, ..
    } = error
    else {
        panic!("{error}")
    };
    assert_eq!((part, reason), (1, KeyFault::Missing));
    assert!(
        name.starts_with("tests/values/idempotent/policy.rs:"),
        "{name}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_name_is_shared_with_attributes() {
    #[idempotent(name = "values.shared", key = (user, id))]
    async fn annotated(r: &Record, user: &str, id: u32) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    let r = Record::new();
    let named = ONCE.name("values.shared");
    assert_eq!(annotated(&r, "ada", 1).await, Ok(1));
    let run = || async { Ok::<_, Fault>(r.attempt()) };
    assert_eq!(named.run(("ada", 1), run).await, Ok(1));
    assert_eq!(named.run(("ada", 2), run).await, Ok(2));
    assert_eq!(annotated(&r, "ada", 2).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn another_fingerprint_is_key_reused() {
    let r = Record::new();
    let charge = |cents: u32| {
        let call = ONCE.keyed(1).fingerprint(&cents);
        call.run(|| async { Ok::<_, Fault>(r.attempt()) })
    };
    assert_eq!(charge(500).await, Ok(1));
    let error = refused(charge(900).await);
    assert!(matches!(error, IdempotencyError::KeyReused { .. }));
    assert_eq!(charge(500).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn callers_wait_or_are_told() {
    async fn charge(policy: IdempotentPolicy, r: &Record) -> Result<u32, Fault> {
        let slow = || async {
            sleep(ms(100)).await;
            Ok(r.attempt())
        };
        policy.run(&1, slow).await
    }
    let events = Events::of("values.waits");
    let waits = ONCE.name("values.waits");
    let r = Record::new();
    assert_eq!(
        tokio::join!(charge(waits, &r), charge(waits, &r)),
        (Ok(1), Ok(1))
    );
    assert_eq!(r.elapsed(), 100);
    assert_eq!(did(&events), [Did::Waiting, Did::Replayed]);
    let rejects = ONCE.name("values.rejects").conflict(Conflict::Reject);
    let (first, second) = tokio::join!(charge(rejects, &r), charge(rejects, &r));
    assert_eq!(first, Ok(2));
    let error = refused(second);
    assert!(matches!(error, IdempotencyError::InProgress { .. }));
}

#[tokio::test(start_paused = true)]
async fn nothing_happens_before_the_first_poll() {
    let r = Record::new();
    let named = ONCE.name("values.lazy").conflict(Conflict::Reject);
    let run = || async { Ok::<_, Fault>(r.attempt()) };
    let first = named.run(&1, run);
    assert_eq!(named.run(&1, run).await, Ok(1));
    assert_eq!(first.await, Ok(1), "a replay");
}

/// A call that is dropped releases its key before the closure began, and abandons it later. A panic of the
/// closure itself counts as one of the body.
#[tokio::test(start_paused = true)]
async fn owners_that_vanish() {
    let r = Record::new();
    let strict = ONCE
        .name("values.vanish")
        .on_abandon(OnAbandon::Indeterminate);
    let hangs = || async {
        r.attempt();
        std::future::pending::<Result<u32, Fault>>().await
    };
    let good = || async { Ok::<_, Fault>(r.attempt()) };
    drop(strict.run(&1, hangs));
    assert_eq!(strict.run(&1, good).await, Ok(1));
    assert!(
        poll_once(pin!(strict.run(&2, hangs)).as_mut())
            .await
            .is_pending()
    );
    let error = refused(strict.run(&2, good).await);
    assert!(matches!(error, IdempotencyError::Indeterminate { .. }));
    let panics = strict.run(&3, || -> std::future::Ready<Result<u32, Fault>> {
        std::panic::resume_unwind(Box::new("before it has a future"))
    });
    let mut panics = Box::pin(panics);
    let mut cx = Context::from_waker(Waker::noop());
    let polled = catch_unwind(AssertUnwindSafe(|| panics.as_mut().poll(&mut cx)));
    assert!(polled.is_err());
    let error = refused(strict.run(&3, good).await);
    assert!(matches!(error, IdempotencyError::Indeterminate { .. }));
    assert_eq!(r.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn results_that_are_no_results() {
    let r = Record::new();
    let events = Events::of("values.results");
    let named = ONCE.name("values.results");
    let large = || {
        named.run(&1, || async {
            r.attempt();
            Ok::<_, Fault>("x".repeat(1 << 20))
        })
    };
    assert_eq!(large().await.map(|text| text.len()), Ok(1 << 20));
    assert!(matches!(
        refused(large().await),
        IdempotencyError::NotStored { .. }
    ));
    let number = |version| {
        named
            .version(version)
            .run(&2, || async { Ok::<_, Fault>(r.attempt()) })
    };
    assert_eq!(number(1).await, Ok(2));
    assert!(matches!(
        refused(number(2).await),
        IdempotencyError::Undecodable { .. }
    ));
    assert_eq!(
        did(&events),
        [
            Did::NotRecorded(NotRecordedReason::TooLarge),
            Did::NotStored,
            Did::Undecodable
        ]
    );
}

/// In memory the type of the result is a part of the scope, as it is for instances of a generic function.
#[tokio::test(start_paused = true)]
async fn results_of_other_types_do_not_meet() {
    async fn of<T>(value: T) -> Result<T, Fault>
    where
        T: serde::Serialize + serde::de::DeserializeOwned + Send + Clone + 'static,
    {
        ONCE.run(&1, || async { Ok(value.clone()) }).await
    }
    assert_eq!(of(1_u8).await, Ok(1));
    assert_eq!(of("a".to_owned()).await.as_deref(), Ok("a"));
    assert_eq!(of(2_u8).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn a_key_inside_itself_is_told() {
    let named = ONCE.name("values.inside");
    let out = named
        .run(&1, || async { named.run(&1, || async { Ok(1) }).await })
        .await;
    let error = refused::<u32>(out);
    assert!(matches!(error, IdempotencyError::Reentrant { .. }));
}

/// What the closure has captured may be moved out of it: it is called once at most.
#[tokio::test(start_paused = true)]
async fn closures_and_futures_of_many_kinds() {
    let order = String::from("a");
    let moved = ONCE.run(&1, || async move { Ok::<_, Fault>(order + "b") });
    // And it is sent.
    assert_eq!(tokio::spawn(moved).await.unwrap().as_deref(), Ok("ab"));
    let mut count = 0;
    let changes = ONCE.run(&2, || {
        count += 1;
        async { Ok::<(), anyhow::Error>(()) }
    });
    changes.await.unwrap();
    assert_eq!(count, 1);
}

#[test]
fn a_name_is_one_or_it_panics() {
    let panic = catch_unwind(|| ONCE.name("no name")).unwrap_err();
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or(panic.downcast_ref::<String>().map(String::as_str));
    assert!(text.is_some_and(|text| text.contains("name")), "{text:?}");
}
