//! The rules between options hold for constants too: the compiler judges them, at the constant.
use resil::bulkhead;

const NONE: u32 = 0;
const FEW: u32 = 2;
const MANY: u32 = 2000;

#[bulkhead(max = 8, queue = NONE, wait = 1s)]
async fn waits_in_no_queue() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(adaptive(min = MANY))]
async fn at_least_more_than_at_most() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(adaptive(start = 8, max = FEW))]
async fn starts_above() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(adaptive(min = 4, start = FEW))]
async fn starts_below() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
