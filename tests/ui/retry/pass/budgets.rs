#![deny(warnings)]
use resil::retry;

#[retry(budget = off, max = 500)]
async fn none() -> Result<u32, String> {
    Ok(1)
}

#[retry(budget = "bank")]
async fn named() -> Result<u32, String> {
    Ok(1)
}

#[retry(budget(capacity = 2495, cost = 5), max = 500)]
async fn own() -> Result<u32, String> {
    Ok(1)
}

#[retry(budget = (cost = 1), nested = outer)]
async fn cost() -> Result<u32, String> {
    Ok(1)
}

const TOKENS: u32 = 2;

#[retry(budget(name = "bank", capacity = 50, cost = 1, refill = TOKENS))]
async fn named_with_numbers() -> Result<u32, String> {
    Ok(1)
}

#[retry(budget = (refill = 0))]
async fn without_time() -> Result<u32, String> {
    Ok(1)
}

#[test]
fn main() {
    drop((none(), named(), own(), cost()));
    drop((named_with_numbers(), without_time()));
}
