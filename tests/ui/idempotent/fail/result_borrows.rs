//! A replay has nothing to borrow from.
#[resil::idempotent(key = order)]
async fn pay(order: &str) -> Result<&str, resil::Error> {
    Ok(order)
}

fn main() {}
