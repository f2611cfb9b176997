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

#[fallback]
async fn bare() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback()]
async fn empty() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback(on(PriceError::NotFound))]
async fn a_pattern_alone() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback(max_age = 5m)]
async fn an_age_alone() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

fn main() {}
