//! Heads of closures that are none of `|error|`.
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

#[fallback(|| 7)]
async fn no_argument() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback(|error, id| 7)]
async fn two_arguments(id: u32) -> Result<u32, PriceError> {
    Err(PriceError::Unreachable(id))
}

#[fallback(async |error| 7)]
async fn async_closure() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback(move |error| 7)]
async fn move_closure() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback(|error| -> u32 { 7 })]
async fn typed_closure() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback(|PriceError::NotFound| 7)]
async fn refutable() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback(|error: String| error.len() as u32)]
async fn of_another_type() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

fn main() {}
