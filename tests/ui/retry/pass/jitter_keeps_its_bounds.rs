//! Each spread in each form that it is written in; what is drawn stays where it must.
#![deny(warnings, unused_qualifications)]
use std::ops::RangeInclusive;

use resil::retry;
use tokio::time::Instant;

const SPREAD: f64 = 0.1;

#[retry(constant, base = 1s, max = 50, jitter)]
async fn bare(at: &mut Vec<Instant>) -> Result<(), ()> {
    at.push(Instant::now());
    Err(())
}

#[retry(constant, base = 1s, max = 50, jitter(equal))]
async fn equal(at: &mut Vec<Instant>) -> Result<(), ()> {
    at.push(Instant::now());
    Err(())
}

#[retry(base = 1s, cap = 2s, max = 50, jitter = decorrelated)]
async fn decorrelated(at: &mut Vec<Instant>) -> Result<(), ()> {
    at.push(Instant::now());
    Err(())
}

#[retry(constant, base = 1s, max = 50, jitter = 12.5%)]
async fn percent(at: &mut Vec<Instant>) -> Result<(), ()> {
    at.push(Instant::now());
    Err(())
}

#[retry(delays(1s), max = 50, jitter = SPREAD)]
async fn constant(at: &mut Vec<Instant>) -> Result<(), ()> {
    at.push(Instant::now());
    Err(())
}

fn check(at: &[Instant], bounds: RangeInclusive<u128>) {
    let waits: Vec<u128> = at.windows(2).map(|w| (w[1] - w[0]).as_millis()).collect();
    assert_eq!(waits.len(), 49);
    assert!(
        waits.iter().all(|w| bounds.contains(w)),
        "{bounds:?}: {waits:?}"
    );
    assert!(waits.iter().any(|w| *w != waits[0]), "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn main() {
    macro_rules! each {
        ($($name:ident $bounds:expr;)*) => {$(
            let mut at = Vec::new();
            assert_eq!($name(&mut at).await, Err(()));
            check(&at, $bounds);
        )*};
    }
    // A timer of tokio's rounds up to the next millisecond.
    each! {
        bare 0..=1_001;
        equal 500..=1_001;
        decorrelated 1_000..=2_001;
        percent 875..=1_126;
        constant 900..=1_101;
    }
}
