struct Receipt(u32);

#[resil::idempotent(key = order)]
async fn pay(order: u32) -> Result<Receipt, resil::Error> {
    Ok(Receipt(order))
}

async fn caller() -> Result<u32, resil::Error> {
    Ok(pay(1).await?.0)
}

fn main() {
    drop(caller());
}
