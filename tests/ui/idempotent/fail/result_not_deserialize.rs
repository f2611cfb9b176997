#[derive(serde::Serialize)]
struct Receipt(u32);

#[resil::idempotent(key = order)]
#[resil::retry]
async fn pay(order: u32) -> Result<Receipt, resil::Error> {
    Ok(Receipt(order))
}

fn main() {}
