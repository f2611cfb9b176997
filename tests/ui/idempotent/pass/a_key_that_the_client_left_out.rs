//! An `Idempotency-Key` header: `None` and the empty text are no keys, and nothing runs; what the
//! body forwards is the same for the same key.
#![deny(warnings, unused_qualifications)]
use std::collections::BTreeMap;

use resil::idempotency::current;
use resil::{Error, IdempotencyError, idempotent};

type Headers = BTreeMap<&'static str, &'static str>;

#[idempotent(key = (headers.get("idempotency-key"), path))]
async fn post(path: &str, headers: &Headers) -> Result<(String, u64), Error> {
    let claim = current().expect("the body runs under a claim");
    Ok((claim.key(), claim.fence()))
}

#[tokio::test(start_paused = true)]
async fn main() {
    for headers in [Headers::new(), Headers::from([("idempotency-key", "")])] {
        let answer = post("/orders", &headers).await;
        let Err(Error::Idempotency(IdempotencyError::InvalidKey { part, .. })) = answer else {
            panic!("no key to go by: {answer:?}");
        };
        assert_eq!(part, 1);
    }
    let headers = Headers::from([("idempotency-key", "c0ffee")]);
    let first = post("/orders", &headers).await.unwrap();
    assert_eq!(post("/orders", &headers).await.unwrap(), first);
    assert_ne!(post("/refunds", &headers).await.unwrap().0, first.0);
    assert!(current().is_none());
}
