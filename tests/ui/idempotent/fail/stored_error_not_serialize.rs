//! A stored error is replayed as a result is; a forgotten one may be of any type.
use resil::idempotent;

enum PayError {
    Declined,
    Resil(resil::Error),
}

impl From<resil::Error> for PayError {
    fn from(e: resil::Error) -> Self {
        Self::Resil(e)
    }
}

#[idempotent(key = order, errors = store)]
async fn all(order: u32) -> Result<u32, PayError> {
    Ok(order)
}

#[idempotent(key = order, errors = store(PayError::Declined))]
async fn some(order: u32) -> Result<u32, PayError> {
    Ok(order)
}

#[idempotent(key = order)]
async fn forgotten(order: u32) -> Result<u32, PayError> {
    Ok(order)
}

fn main() {}
