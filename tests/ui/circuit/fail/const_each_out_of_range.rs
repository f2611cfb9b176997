//! Each const is held to the bounds of its option, where it stands.
use std::time::Duration;

use resil::circuit;

const NONE: u32 = 0;
const NEVER: Duration = Duration::ZERO;
const SHORT: Duration = Duration::from_millis(99);
const MANY: u32 = 10_001;
const NOTHING: f64 = 0.0;
const NO_NUMBER: f64 = f64::NAN;

#[circuit(failure_rate = NOTHING, min_calls = NONE)]
async fn rate() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(failure_rate = NO_NUMBER, window = MANY)]
async fn too_many_calls() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(failure_rate = 50%, window = SHORT)]
async fn too_short() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(slow = NEVER, slow_rate = NOTHING)]
async fn slow() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(open_for = NEVER, open_max = NEVER, probes = NONE, key = host, max_keys = NONE)]
async fn open(host: &str) -> Result<u32, resil::Error> {
    let _ = host;
    Ok(1)
}

fn main() {}
