//! A body that never answers is cut after just as long as is written.
#![deny(warnings, unused_qualifications)]
use std::future::pending;
use std::time::Duration;

use resil::{Error, timeout};
use tokio::time::Instant;

macro_rules! fires_after {
    ($($name:ident $limit:literal = $expected:expr;)*) => {$(
        #[timeout($limit)]
        async fn $name() -> Result<(), Error> {
            pending().await
        }
        let start = Instant::now();
        let Err(Error::Timeout { limit, inherited, function, .. }) = $name().await else {
            panic!("nothing answers here");
        };
        assert_eq!((limit, start.elapsed(), inherited), ($expected, $expected, false));
        assert!(function.ends_with(stringify!($name)), "{function}");
    )*};
}

#[tokio::test(start_paused = true)]
async fn main() {
    fires_after! {
        composite 1m30s = Duration::from_secs(90);
        three_parts 1h1m1s = Duration::from_secs(3_661);
        fraction 2.5s = Duration::from_millis(2_500);
        thousands 1_500ms = Duration::from_millis(1_500);
        days 1d12h = Duration::from_secs(36 * 3_600);
        micros 250_000us = Duration::from_millis(250);
        nanos 5_000_000ns = Duration::from_millis(5);
    }
}
