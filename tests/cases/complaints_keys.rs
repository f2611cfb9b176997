//! What users of idempotency layers complained of in public about their keys, replayed: one test a
//! complaint, named by the project and the number of the thread.

use std::collections::{HashMap, HashSet};

use resil::idempotency::IdempotencyError;
use resil::{Error, idempotent};
use tokio::time::sleep;

use crate::support::{Fault, Record, ms};

type Out = Result<u32, Fault>;

/// Why idempotency refused.
#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(out: Result<T, Fault>) -> IdempotencyError {
    match out {
        Err(Fault::Resil(Error::Idempotency(e))) => e,
        other => panic!("not refused: {other:?}"),
    }
}

fn reused<T: std::fmt::Debug>(out: Result<T, Fault>) -> bool {
    matches!(refused(out), IdempotencyError::KeyReused { .. })
}

#[tokio::test(start_paused = true)]
async fn idempotency4j_12_one_key_with_another_payload() {
    // josipmusa/idempotency4j issue 12: a key that came again with another body got the first
    // one's answer, without a word.
    // aws-powertools/powertools-lambda-typescript issue 2058, powertools-lambda-java issue 2260: and
    // got it again when a shortcut took the record that the failed write brought along, with no look
    // at its fingerprint. Here that is the waiter's way: it finds the claim, not the result.
    // aws-powertools/powertools-lambda-python issue 3821: and the record went into the local cache
    // before the fingerprint was looked at, so that the next answer was wrong as well.
    #[idempotent(key = k, fingerprint = amount)]
    async fn pay(r: &Record, k: &str, amount: u32) -> Out {
        r.attempt();
        sleep(ms(1_000)).await;
        Ok(amount)
    }
    let r = Record::new();
    let (first, other, same) = tokio::join!(pay(&r, "k", 5), pay(&r, "k", 6), pay(&r, "k", 5));
    assert!(reused(other));
    assert_eq!((first, same), (Ok(5), Ok(5)));
    for _ in 0..2 {
        assert!(reused(pay(&r, "k", 6).await));
        assert_eq!(pay(&r, "k", 5).await, Ok(5));
    }
    assert_eq!(r.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn bridge_379_the_keys_of_two_tenants() {
    // C-Address-Onboarding-Bridge-Backend issue 379, nensii21/devlink issue 773: one tenant's key
    // answered another's request. With both in the key they are two, wherever the border falls, and
    // neither reads as the other's text.
    #[idempotent(key = (tenant, key))]
    async fn fund(r: &Record, tenant: &str, key: &str) -> Out {
        Ok(r.attempt())
    }
    let r = Record::new();
    let pairs = [
        ("a", "bc"),
        ("ab", "c"),
        ("a\",\"b", "c"),
        ("a", "b\",\"c"),
        ("a\0b", "c"),
        ("bc", "a"),
    ];
    for (n, (tenant, key)) in (1..).zip(pairs) {
        assert_eq!(fund(&r, tenant, key).await, Ok(n), "{tenant} {key}");
    }
    for (n, (tenant, key)) in (1..).zip(pairs) {
        assert_eq!(fund(&r, tenant, key).await, Ok(n), "{tenant} {key}");
    }
    assert_eq!(r.count(), pairs.len());
}

#[tokio::test(start_paused = true)]
async fn powertools_638_the_order_of_what_has_none() {
    // aws-powertools/powertools-lambda-python issue 638, mojaloop/project issue 2463: the same
    // payload with its attributes in another order was another key, and ran again.
    // aws-powertools/powertools-lambda-typescript PR 2570 (issue 2120): and the elements of its
    // lists; ours: a list has an order, a set has none.
    #[idempotent(key = (user, filters), fingerprint = tags)]
    async fn export(
        r: &Record,
        user: u32,
        filters: &HashMap<String, Vec<u32>>,
        tags: HashSet<u32>,
    ) -> Out {
        Ok(r.attempt())
    }
    // Each has an order of its own.
    let filters = || (0..50).map(|n| (n.to_string(), vec![n, 1])).collect();
    let tags = || (0..50).collect();
    let r = Record::new();
    for _ in 0..9 {
        assert_eq!(export(&r, 1, &filters(), tags()).await, Ok(1));
    }
    assert!(reused(export(&r, 1, &filters(), (0..49).collect()).await));
    let mut turned: HashMap<String, Vec<u32>> = filters();
    turned.get_mut("7").unwrap().reverse();
    assert_eq!(export(&r, 1, &turned, tags()).await, Ok(2));
}
