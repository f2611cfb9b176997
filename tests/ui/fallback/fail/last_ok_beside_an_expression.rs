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

#[fallback(7, last_ok)]
async fn both() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback(|error| 7, max_age = 5m, key = id)]
async fn its_options(id: u32) -> Result<u32, PriceError> {
    Err(PriceError::Unreachable(id))
}

#[fallback(7, max_keys = 10)]
async fn keys() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

fn main() {}
