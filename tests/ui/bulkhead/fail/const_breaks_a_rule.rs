//! The rules between options hold for constants too: the compiler judges them, at the constant.
use resil::bulkhead;

const NONE: u32 = 0;

#[bulkhead(max = 8, queue = NONE, wait = 1s)]
async fn waits_in_no_queue() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
