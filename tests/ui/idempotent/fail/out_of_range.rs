#[resil::idempotent(key = order, ttl = 0s, lease = 10ms)]
async fn pay(order: u32) -> Result<u32, resil::Error> {
    Ok(order)
}

fn main() {}
