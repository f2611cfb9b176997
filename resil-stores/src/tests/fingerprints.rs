//! Fingerprints: what the store says of them holds among the calls of one process too.

use super::*;
use resil_runtime::clock::now;

const REJECT: IdempotentPolicy = PLAIN.conflict(Conflict::Reject);

/// A call with the fingerprint `fp`, whose body takes a second.
fn one(
    shared: &Shared,
    policy: &'static IdempotentPolicy,
    fp: impl Into<Option<u8>>,
    answer: u32,
) -> impl Future<Output = Kept<u32>> + Send + 'static {
    let (shared, fp) = (shared.clone(), fp.into());
    async move {
        let fp = fp.map(|fp| PreparedFingerprint::of(&fp));
        let body = async |state: &CallState, gate| {
            let body = async {
                sleep(ms(1_000)).await;
                Ok(answer)
            };
            wrap_body(watch(body, state).await, gate)
        };
        stack_on(&shared, policy, key("a"), fp, false, body).await
    }
}

#[track_caller]
fn reused(answer: Kept<u32>) {
    let e = refusal(answer);
    assert!(matches!(e, IdempotencyError::KeyReused { .. }), "{e}");
}

#[track_caller]
fn in_progress(answer: Kept<u32>) {
    let e = refusal(answer);
    assert!(matches!(e, IdempotencyError::InProgress { .. }), "{e}");
}

/// Answers each claim after 100 ms.
fn slow_to_claim() -> Flaky {
    Flaky::new(Memory::default(), |step| Fate {
        after: if step == Step::Claim { ms(100) } else { ms(0) },
        ..Fate::default()
    })
}

#[tokio::test(start_paused = true)]
async fn another_fingerprint_is_refused_while_it_runs_and_after() {
    let flaky = Flaky::sound();
    let shared = Shared::new(flaky.clone());
    let first = tokio::spawn(one(&shared, &PLAIN, 1, 1));
    sleep(ms(1)).await;
    let same = tokio::spawn(one(&shared, &PLAIN, 1, 2));
    let start = now();
    reused(one(&shared, &PLAIN, 2, 3).await);
    reused(one(&shared, &REJECT, 2, 3).await);
    in_progress(one(&shared, &REJECT, 1, 3).await);
    in_progress(one(&shared, &REJECT, None, 3).await);
    // At once, and without the store.
    assert_eq!((now() - start, flaky.count(Step::Claim)), (ms(0), 1));
    assert_eq!(first.await.unwrap(), Ok(1));
    assert_eq!(same.await.unwrap(), Ok(1));
    reused(one(&shared, &PLAIN, 2, 3).await);
    reused(one(&shared, &REJECT, 2, 3).await);
}

#[tokio::test(start_paused = true)]
async fn one_that_waits_as_the_owner_begins_is_refused_then() {
    let shared = Shared::new(slow_to_claim());
    let first = tokio::spawn(one(&shared, &PLAIN, 1, 1));
    sleep(ms(1)).await;
    let (same, start) = (tokio::spawn(one(&shared, &PLAIN, 1, 2)), now());
    reused(one(&shared, &PLAIN, 2, 3).await);
    assert_eq!(now() - start, ms(99));
    assert_eq!(first.await.unwrap(), Ok(1));
    assert_eq!(same.await.unwrap(), Ok(1));
}

#[tokio::test(start_paused = true)]
async fn beside_an_owner_without_a_fingerprint_the_store_decides() {
    let shared = memory();
    let first = tokio::spawn(one(&shared, &PLAIN, None, 1));
    sleep(ms(1)).await;
    in_progress(one(&shared, &REJECT, 2, 2).await);
    let waits = one(&shared, &PLAIN, 3, 2).await;
    assert_eq!((first.await.unwrap(), waits), (Ok(1), Ok(1)));
    assert_eq!(one(&shared, &REJECT, 2, 2).await, Ok(1));
    // The owner has taken over a record that has one.
    let shared = memory();
    let mut gone = Box::pin(one(&shared, &PLAIN, 1, 1));
    begin_to_run(gone.as_mut()).await;
    drop(gone);
    shared.drain().await;
    let first = tokio::spawn(one(&shared, &PLAIN, None, 1));
    sleep(ms(1)).await;
    in_progress(one(&shared, &REJECT, 1, 2).await);
    reused(one(&shared, &REJECT, 2, 2).await);
    let (same, other) = (one(&shared, &PLAIN, 1, 2), one(&shared, &PLAIN, 2, 2));
    let (same, other) = tokio::join!(same, other);
    assert_eq!((first.await.unwrap(), same), (Ok(1), Ok(1)));
    reused(other);
}

/// Nobody in this process knows the record's fingerprint.
#[tokio::test(start_paused = true)]
async fn an_outcome_that_was_found_is_shared_with_equal_fingerprints_alone() {
    for (recorded_by, found_by) in [(Some(1), None), (None, Some(1))] {
        let flaky = slow_to_claim();
        let (there, here) = (Shared::new(flaky.clone()), Shared::new(flaky));
        assert_eq!(one(&there, &PLAIN, recorded_by, 1).await, Ok(1));
        let (found, none, same, other) = tokio::join!(
            one(&here, &PLAIN, found_by, 2),
            one(&here, &PLAIN, None, 2),
            one(&here, &PLAIN, 1, 2),
            one(&here, &PLAIN, 2, 2),
        );
        assert_eq!((found, none, same), (Ok(1), Ok(1), Ok(1)));
        if recorded_by.is_some() {
            reused(other);
        } else {
            assert_eq!(other, Ok(1));
        }
    }
}
