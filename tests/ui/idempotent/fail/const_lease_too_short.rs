use std::time::Duration;

const LEASE: Duration = Duration::from_millis(1);

#[resil::idempotent(key = order, lease = LEASE)]
async fn pay(order: u32) -> Result<u32, resil::Error> {
    Ok(order)
}

fn main() {}
