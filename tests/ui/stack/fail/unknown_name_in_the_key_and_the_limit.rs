//! All of them at once, each once, at the user's tokens.
use resil::{idempotent, timeout};

#[idempotent(key = ordr)]
#[timeout(limt)]
async fn pay(order: u32) -> Result<u32, resil::Error> {
    Ok(oder)
}

fn main() {}
