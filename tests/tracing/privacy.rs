//! What is the user's data is in no field: arguments, keys, results, and the texts of errors.

use std::fmt;

use resil::{bulkhead, circuit, fallback, idempotent, rate_limit, retry, timeout};

use super::collect::Collected;
use super::support::ms;

const CANARY: &str = "canary-4711";

#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct Secret(String);

/// Its texts are secret, and making one is a fault: nobody is shown it.
struct Talks(#[allow(unused)] Secret);

impl fmt::Display for Talks {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("nobody listens: {CANARY}")
    }
}

impl fmt::Debug for Talks {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("nobody listens: {CANARY}")
    }
}

impl From<resil::Error> for Talks {
    fn from(_: resil::Error) -> Self {
        Self(Secret(CANARY.to_owned()))
    }
}

#[fallback(Ok(secret.clone()))]
#[idempotent(key = secret.0.clone(), ttl = 1h)]
#[bulkhead(name = "tracing-privacy", max = 1, key = &secret.0)]
#[rate_limit(name = "tracing-privacy", max = 2, per = 1h, key = &secret.0)]
#[circuit(name = "tracing-privacy", key = &secret.0, failures = 1)]
#[retry(constant, max = 2, base = 1ms)]
#[timeout(1s)]
async fn pay(secret: &Secret, hangs: bool) -> Result<Secret, Talks> {
    if hangs {
        std::future::pending::<()>().await;
    }
    Err(Talks(secret.clone()))
}

#[idempotent(key = &secret.0, fingerprint = fingerprint)]
async fn once(secret: &Secret, fingerprint: u32) -> Result<Secret, Talks> {
    tokio::time::sleep(ms(1)).await;
    Ok(Secret(format!("{} {fingerprint}", secret.0)))
}

#[tokio::test(start_paused = true)]
async fn a_canary_is_in_no_field() {
    let seen = Collected::default();
    let secret = Secret(CANARY.to_owned());
    let calls = async {
        for hangs in [false, true, false, false] {
            assert!(pay(&secret, hangs).await.is_ok());
        }
        assert!(once(&secret, 1).await.is_ok());
        assert!(once(&secret, 1).await.is_ok());
        assert!(once(&secret, 2).await.is_err());
    };
    seen.over(calls).await;
    let all = seen.all();
    for seen in all.spans.iter().chain(&all.events) {
        for (field, value) in &seen.fields {
            assert!(
                !value.contains("canary") && !value.contains("4711"),
                "{field}: {value}"
            );
        }
    }
    let names: std::collections::BTreeSet<_> = all.events.iter().map(|e| e.name).collect();
    for name in [
        "resil.retry",
        "resil.retry.stopped",
        "resil.circuit.changed",
        "resil.fallback",
        "resil.idempotent",
    ] {
        assert!(names.contains(name), "{name} is not among {names:?}");
    }
}

/// However many arguments and keys: all values of all fields are few.
#[tokio::test(start_paused = true)]
async fn the_values_of_fields_are_few() {
    let seen = Collected::default();
    let calls = async {
        for n in 0..500 {
            let _ = pay(&Secret(n.to_string()), false).await;
            let _ = once(&Secret(n.to_string()), n % 2).await;
        }
    };
    seen.over(calls).await;
    let mut values = std::collections::BTreeMap::<_, std::collections::BTreeSet<_>>::new();
    let all = seen.all();
    for span in all.spans.iter().chain(&all.events) {
        for (field, value) in &span.fields {
            // Times and the id of the call are numbers without a bound.
            if *field != "call" && !field.ends_with("_ms") {
                values
                    .entry((span.name, *field))
                    .or_default()
                    .insert(value.clone());
            }
        }
    }
    assert!(values.len() > 20, "{values:?}");
    for (field, values) in values {
        assert!(values.len() <= 8, "{field:?}: {values:?}");
    }
}
