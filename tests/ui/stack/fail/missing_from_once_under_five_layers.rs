use resil::{circuit, idempotent, retry, timeout};

#[derive(Debug)]
enum PayError {
    Network,
    Refused,
}

#[idempotent(key = order)]
#[circuit(ignore(PayError::Refused))]
#[timeout(10s)]
#[retry(on(PayError::Network))]
#[timeout(1s)]
async fn pay(order: u32) -> Result<u32, PayError> {
    match order {
        0 => Err(PayError::Network),
        1 => Err(PayError::Refused),
        _ => Ok(order),
    }
}

fn main() {}
