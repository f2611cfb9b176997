#[resil::idempotent(idempotency_key = order, expires_after = 60, key_prefix = "pay")]
async fn pay(order: u32) -> Result<u32, resil::Error> {
    Ok(order)
}

fn main() {}
