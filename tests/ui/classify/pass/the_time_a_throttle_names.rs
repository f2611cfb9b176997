//! Where the time is found: a named field, an option of one, one of a tuple's, a generic's, none.
#![deny(warnings, unused_qualifications)]
use std::time::Duration;

use resil::{Class, Classify, retry};
use tokio::time::Instant;

#[derive(Debug, Clone, PartialEq, Classify)]
enum Limit {
    #[throttled(retry_after = r#in)]
    Quota { used: u32, r#in: Duration },
    #[throttled(retry_after = reset)]
    Burst { reset: Option<Duration> },
    #[throttled(retry_after = 1)]
    Slot(&'static str, Option<Duration>, u8),
    #[throttled]
    Somehow,
    #[throttled]
    Vaguely { why: String },
}

#[retry(constant, max = 2, base = 1s, jitter = none)]
async fn call(error: Limit) -> Result<(), Limit> {
    Err(error.clone())
}

#[tokio::test(start_paused = true)]
async fn main() {
    let secs = Duration::from_secs;
    for (error, asked) in [
        (
            Limit::Quota {
                used: 9,
                r#in: secs(5),
            },
            Some(secs(5)),
        ),
        (
            Limit::Burst {
                reset: Some(secs(6)),
            },
            Some(secs(6)),
        ),
        (Limit::Burst { reset: None }, None),
        (Limit::Slot("eu", Some(secs(7)), 0), Some(secs(7))),
        (Limit::Somehow, None),
        (
            Limit::Vaguely {
                why: "load".to_owned(),
            },
            None,
        ),
    ] {
        assert_eq!(error.classify(), Class::Throttled { retry_after: asked });
        let start = Instant::now();
        assert_eq!(call(error.clone()).await, Err(error));
        let (waited, least) = (start.elapsed(), asked.unwrap_or(secs(1)));
        assert!(waited >= least && waited <= least.mul_f64(1.1) + Duration::from_millis(1));
    }
}
