#![deny(warnings)]
use std::time::Duration;

use resil::{BulkheadPolicy, bulkhead};

#[bulkhead(max = 16)]
async fn plain() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(name = "ui:bulkhead.v2-a", max = 65535, queue = 64, wait = 100ms)]
async fn named() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(name = "ui:bulkhead.v2-a")]
async fn only_named() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(adaptive)]
async fn adaptive() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(adaptive(min = 2, start = PLACES, max = 90), queue = PLACES)]
async fn bounded() -> Result<u32, resil::Error> {
    Ok(1)
}

const PLACES: u32 = 10;
const TIME: Duration = Duration::from_secs(10);
const OURS: BulkheadPolicy = BulkheadPolicy::new().max(3).queue(2);

#[bulkhead(max = PLACES, queue = PLACES, wait = TIME)]
async fn consts() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(policy = OURS, wait = 1s)]
async fn policy() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(max(1), queue(2), wait(1s), key(host), max_keys(5))]
async fn in_parentheses(host: &str) -> Result<usize, resil::Error> {
    Ok(host.len())
}

#[test]
fn main() {
    drop((plain(), named(), only_named(), adaptive(), bounded(), consts(), policy()));
    drop(in_parentheses("a"));
}
