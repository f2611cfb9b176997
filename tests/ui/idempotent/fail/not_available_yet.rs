#[resil::idempotent(key = order, store = "orders", version = 2, errors = store)]
async fn pay(order: u32) -> Result<u32, resil::Error> {
    Ok(order)
}

fn main() {}
