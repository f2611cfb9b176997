struct BankError;

#[resil::circuit(name = "bank")]
async fn pay() -> Result<u32, BankError> {
    Err(BankError)
}

async fn caller() -> u32 {
    pay().await.unwrap_or(0)
}

fn main() {
    drop(caller());
}
