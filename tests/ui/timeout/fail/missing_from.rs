//! The error type cannot take up what a timeout answers: said once, at the error type.
use resil::timeout;

#[derive(Debug)]
enum PayError {
    Refused,
}

#[timeout(5s)]
async fn pay(amount: u32) -> Result<u32, PayError> {
    if amount == 0 {
        return Err(PayError::Refused);
    }
    Ok(amount)
}

async fn caller() -> Result<u32, PayError> {
    Ok(pay(1).await? + 1)
}

fn main() {
    drop(caller());
}
