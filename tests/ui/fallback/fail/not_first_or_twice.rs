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

#[fallback(on(PriceError::NotFound), 7)]
async fn behind() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback(7, 8)]
async fn two_values() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback(7)]
#[fallback(8)]
async fn two_fallbacks() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

fn main() {}
