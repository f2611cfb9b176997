#![deny(warnings)]
use resil::{circuit, idempotent, retry, timeout};

#[idempotent(key = order)]
#[circuit(name = "five", failures = 5)]
#[timeout(20s)]
#[retry(exponential, max = 4, jitter)]
#[timeout(2s)]
async fn pay(order: u64) -> Result<u64, resil::Error> {
    Ok(order)
}

fn send<T: Send>(t: T) -> T {
    t
}

#[test]
fn main() {
    drop(send(pay(1)));
}
