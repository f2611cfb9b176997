//! A replay has nothing to borrow from.
use resil::idempotent;

#[idempotent(key = order)]
async fn text(order: &str) -> Result<&str, resil::Error> {
    Ok(order)
}

#[idempotent(key = order)]
async fn list(order: &[u32]) -> Result<&[u32], resil::Error> {
    Ok(order)
}

fn main() {}
