//! What can be known of a fallback that never runs.
use std::convert::Infallible;

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

#[fallback(7)]
async fn infallible() -> Result<u32, Infallible> {
    Ok(1)
}

#[fallback(|error| 7)]
async fn by_its_path() -> Result<u32, std::convert::Infallible> {
    Ok(1)
}

#[fallback(7, unless(_))]
async fn all_exempt() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback(7, on(PriceError::NotFound | PriceError::Unreachable(_)), unless(PriceError::Unreachable(_) | PriceError::NotFound))]
async fn all_that_are_named() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback(last_ok, on(PriceError::NotFound), unless(PriceError::NotFound))]
async fn the_last_value() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

fn main() {}
