#[resil::idempotent(key = ())]
async fn pay(order: u32) -> Result<u32, resil::Error> {
    Ok(order)
}

fn main() {}
