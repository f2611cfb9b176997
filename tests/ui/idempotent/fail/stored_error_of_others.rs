//! Not told to derive on a type that is not the user's own.
use resil::idempotent;

#[idempotent(key = order, errors = store)]
async fn pay(order: u32) -> Result<u32, resil::Error> {
    Ok(order)
}

fn main() {}
