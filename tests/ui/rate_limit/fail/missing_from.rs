struct BankError;

#[resil::rate_limit(max = 100, per = 1s)]
async fn pay() -> Result<u32, BankError> {
    Err(BankError)
}

fn main() {
    drop(pay());
}
