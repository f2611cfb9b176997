#![deny(warnings)]
use std::time::Duration;

use resil::circuit;

#[circuit]
async fn bare() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(name = "bank:pay.v2-a", failures = 65535)]
async fn named() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(name = "bank:pay.v2-a")]
async fn only_named() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(failure_rate = 50%, window = 20, min_calls = 20, failures = 3)]
async fn counted() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(failure_rate = 0.25, window = 10s, open_for = 5s, open_max = 5s, probes = 255)]
async fn timed() -> Result<u32, resil::Error> {
    Ok(1)
}

const CALLS: u32 = 10;
const TIME: Duration = Duration::from_secs(10);
const RATE: f64 = 0.5;

#[circuit(failure_rate = RATE, window = CALLS, min_calls = CALLS)]
async fn const_calls() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(failure_rate = RATE, window = TIME, open_for = TIME)]
async fn const_time() -> Result<u32, resil::Error> {
    Ok(1)
}

#[test]
fn main() {
    drop((bare(), named(), only_named(), counted(), timed(), const_calls(), const_time()));
}
