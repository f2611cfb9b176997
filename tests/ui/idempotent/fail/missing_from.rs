struct BankError;

#[resil::idempotent(key = order)]
async fn pay(order: u32) -> Result<u32, BankError> {
    if order == 0 { Err(BankError) } else { Ok(order) }
}

fn main() {}
