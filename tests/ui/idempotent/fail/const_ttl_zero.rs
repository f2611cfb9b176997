use std::time::Duration;

const TTL: Duration = Duration::ZERO;

#[resil::idempotent(key = order, ttl = TTL)]
async fn pay(order: u32) -> Result<u32, resil::Error> {
    Ok(order)
}

fn main() {}
