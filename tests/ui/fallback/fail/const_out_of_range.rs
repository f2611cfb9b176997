use std::time::Duration;

use resil::fallback;

#[derive(Debug, thiserror::Error)]
enum PriceError {
    #[error("not found")]
    NotFound,
    #[error("unreachable")]
    Unreachable(u32),
    #[error(transparent)]
    Resil(#[from] resil::Error),
}

const NEVER: Duration = Duration::ZERO;
const NONE: u32 = 0;

#[fallback(last_ok, max_age = NEVER)]
async fn age() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback(last_ok, key = id, max_keys = NONE)]
async fn keys(id: u32) -> Result<u32, PriceError> {
    Err(PriceError::Unreachable(id))
}

fn main() {}
