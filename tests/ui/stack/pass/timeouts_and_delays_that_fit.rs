#![deny(warnings)]
use resil::{retry, timeout};

// 1s + 2s of delays.
#[timeout(3001ms)]
#[retry(base = 1s, jitter = none)]
async fn just_fits() -> Result<u32, resil::Error> {
    Ok(1)
}

// Full jitter may wait for nothing.
#[timeout(1s)]
#[retry(base = 10s, max = 9)]
async fn jittered() -> Result<u32, resil::Error> {
    Ok(1)
}

// `within` is meant to cut `max` short.
#[timeout(3s)]
#[retry(base = 1s, jitter = none, max = 9, within = 20s)]
async fn exempt() -> Result<u32, resil::Error> {
    Ok(1)
}

#[timeout(5s)]
#[retry(max = unlimited)]
#[timeout(4999ms)]
async fn unlimited() -> Result<u32, resil::Error> {
    Ok(1)
}

#[test]
fn main() {
    drop((just_fits(), jittered(), exempt(), unlimited()));
}
