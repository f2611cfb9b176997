//! Stores outside of the one in memory: given to a call, named by the policy, installed.

use resil::idempotency::store::Memory;
use resil::idempotency::{
    IdempotencyError, IdempotentPolicy, KeyOf, Shared, current, install_named,
};
use resil::{Error, KeyedStack, RetryPolicy, Stack, idempotent};
use serde::{Deserialize, Serialize};

use super::refused;
use crate::support::{Fault, Record, ms};

const ONCE: IdempotentPolicy = IdempotentPolicy::new();

fn store() -> Shared {
    Shared::new(Memory::default()).namespace("values")
}

#[tokio::test(start_paused = true)]
async fn a_call_is_given_its_store() {
    let (orders, others) = (store(), store());
    let r = Record::new();
    let named = ONCE.name("values.given");
    let call = |store: &Shared| {
        named
            .keyed(("ada", 1))
            .on(store)
            .run(|| async { Ok::<_, Fault>(r.attempt()) })
    };
    assert_eq!(call(&orders).await, Ok(1));
    assert_eq!(call(&orders).await, Ok(1));
    assert_eq!(call(&others).await, Ok(2));
    // The record is that of the attribute, under the key that is written by hand.
    #[idempotent(name = "values.given", key = (user, id), store = store)]
    async fn annotated(store: &Shared, user: &str, id: u32) -> Result<u32, Error> {
        Ok(99)
    }
    assert_eq!(annotated(&orders, "ada", 1).await, Ok(1));
    let key = KeyOf::new("values.given").part("ada").part(&1);
    assert!(others.lookup(key).await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_policy_names_its_store() {
    static PAY: KeyedStack = ONCE
        .store("values.orders")
        .around(Stack::new("values.named").retry(RetryPolicy::new()));
    let orders = store();
    let r = Record::new();
    let call = || PAY.run(&1, || async { Ok::<_, Fault>(r.attempt()) });
    let error = refused(call().await);
    let IdempotencyError::Store { source, .. } = &error else {
        panic!("{error}")
    };
    assert!(source.to_string().contains("install_named"), "{source}");
    assert_eq!(r.count(), 0);
    install_named("values.orders", orders.clone()).unwrap();
    assert_eq!(call().await, Ok(1));
    assert_eq!(call().await, Ok(1));
    let key = KeyOf::new("values.named").part(&1);
    assert!(orders.lookup(key).await.unwrap().is_some());
}

/// The body runs under the claim: it has a fence, and what it spawns elsewhere has none.
#[tokio::test(start_paused = true)]
async fn the_body_knows_its_key() {
    let store = store();
    let seen = ONCE.name("values.current").keyed(1).on(&store);
    let seen = seen.run(|| async {
        let current = current().expect("under a claim");
        Ok::<_, Fault>((current.key(), current.fence()))
    });
    let (key, fence) = seen.await.unwrap();
    assert_eq!((key.len(), fence), (64, 1));
    assert!(current().is_none());
}

/// Errors and values that are no plain data go through the codec of the store.
#[tokio::test(start_paused = true)]
async fn errors_are_replayed_from_a_store() {
    #[derive(Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
    enum Declined {
        #[error("card {0}")]
        Card(String),
        #[error(transparent)]
        #[serde(skip)]
        Resil(#[from] Error),
    }
    #[derive(Debug, PartialEq, Clone, Serialize, Deserialize)]
    struct Receipt {
        paid: f64,
        tags: Vec<String>,
    }
    let store = store();
    let r = Record::new();
    let call = |key: u32, good: bool| {
        let r = r.clone();
        let call = ONCE
            .name("values.errors")
            .keyed(key)
            .on(&store)
            .store_errors();
        call.run(move || async move {
            let n = r.attempt();
            if good {
                Ok(Receipt {
                    paid: 0.1,
                    tags: vec!["a\"b".to_owned()],
                })
            } else {
                Err(Declined::Card(n.to_string()))
            }
        })
    };
    for _ in 0..2 {
        assert_eq!(call(1, false).await, Err(Declined::Card("1".to_owned())));
    }
    let first = call(2, true).await;
    assert_eq!(first, call(2, true).await);
    assert_eq!(r.count(), 2);
}

/// A store that does not outlive the process takes keys of a place in the source.
#[tokio::test(start_paused = true)]
async fn a_place_without_a_name_is_enough_in_one_process() {
    let store = store();
    let r = Record::new();
    let call = || {
        ONCE.keyed(1).on(&store).run(|| async {
            tokio::time::sleep(ms(10)).await;
            Ok::<_, Fault>(r.attempt())
        })
    };
    assert_eq!(tokio::join!(call(), call()), (Ok(1), Ok(1)));
}
