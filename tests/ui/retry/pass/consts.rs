#![deny(warnings)]
use std::time::Duration;

use resil::retry;

const TRIES: u32 = 4;
const BASE: Duration = Duration::from_millis(50);
const fn cap() -> Duration {
    Duration::from_secs(5)
}

#[retry(max = TRIES + 1, base = BASE, cap = cap(), factor = 1.5_f64, within = Duration::from_secs(9))]
async fn items() -> Result<u32, String> {
    Ok(1)
}

#[retry(max = N, budget = off)]
async fn generic<const N: u32>() -> Result<u32, String> {
    Ok(1)
}

trait Limits {
    const MAX: u32;
}

#[retry(max = T::MAX, base = const { BASE })]
async fn of_a_type<T: Limits>() -> Result<u32, String> {
    Ok(1)
}

impl Limits for u8 {
    const MAX: u32 = 2;
}

#[test]
fn main() {
    drop((items(), generic::<3>(), of_a_type::<u8>()));
}
