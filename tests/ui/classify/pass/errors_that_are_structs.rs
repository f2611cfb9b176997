//! One verdict for the whole type: unit structs, tuples and named fields; and wrappers that say
//! what is in them, resil's own errors in an `anyhow::Error` too.
#![deny(warnings, unused_qualifications)]
use std::time::Duration;

use resil::{Class, Classify, breaker, circuit};

#[derive(Debug, Classify)]
#[permanent]
struct BadRequest;

#[derive(Debug, Classify)]
#[throttled(retry_after = wait)]
struct TooMany<'a> {
    wait: Option<Duration>,
    path: &'a str,
}

#[derive(Debug, Classify)]
#[throttled(retry_after = 0)]
struct Later(Duration);

#[derive(Debug, Classify)]
#[classify(forward)]
struct Wrapped<E>(E);

#[derive(Debug, Classify)]
#[classify(forward)]
struct Reported {
    cause: anyhow::Error,
}

#[derive(Debug, Classify)]
#[classify(default = neutral)]
struct Cancelled {}

#[circuit(name = "reports")]
async fn report() -> anyhow::Result<()> {
    anyhow::bail!("printer on fire")
}

#[tokio::test(start_paused = true)]
async fn main() {
    let second = Some(Duration::from_secs(1));
    assert_eq!(BadRequest.classify(), Class::Permanent);
    let many = TooMany {
        wait: second,
        path: "/",
    };
    assert_eq!(
        many.classify(),
        Class::Throttled {
            retry_after: second
        },
        "{}",
        many.path
    );
    assert_eq!(
        Later(Duration::ZERO).classify(),
        Class::Throttled {
            retry_after: Some(Duration::ZERO)
        }
    );
    assert_eq!(Wrapped(BadRequest).classify(), Class::Permanent);
    assert_eq!(Cancelled {}.classify(), Class::Neutral);
    let failed = Reported {
        cause: report().await.unwrap_err().context("monthly"),
    };
    assert_eq!(failed.classify(), Class::Transient);
    breaker("reports").force_open();
    let refused = Reported {
        cause: report().await.unwrap_err().context("monthly"),
    };
    assert_eq!(refused.classify(), Class::Neutral);
}
