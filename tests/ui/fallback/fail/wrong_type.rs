//! The value is neither the function's `Result` nor its success: each error is at the expression.
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

#[fallback("none")]
async fn a_text(id: u64) -> Result<String, PriceError> {
    Err(PriceError::Unreachable(id as u32))
}

#[fallback(|error| error)]
async fn the_error(id: u64) -> Result<u32, PriceError> {
    Err(PriceError::Unreachable(id as u32))
}

#[fallback({
    let half = id / 2;
    half
})]
async fn a_block(id: u64) -> Result<u32, PriceError> {
    Err(PriceError::Unreachable(id as u32))
}

#[fallback(Some(7))]
async fn an_option(id: u64) -> Result<u32, PriceError> {
    Err(PriceError::Unreachable(id as u32))
}

#[fallback(Ok("7"))]
async fn another_success(id: u64) -> Result<u32, PriceError> {
    Err(PriceError::Unreachable(id as u32))
}

#[fallback(|_| Err("lost"))]
async fn another_error(id: u64) -> Result<u32, PriceError> {
    Err(PriceError::Unreachable(id as u32))
}

#[fallback(other(id).await)]
async fn another_result(id: u64) -> Result<u32, PriceError> {
    Err(PriceError::Unreachable(id as u32))
}

async fn other(_: u64) -> Result<u32, String> {
    Ok(7)
}

#[fallback(other(id).await?)]
async fn question_mark(id: u64) -> Result<u32, PriceError> {
    Err(PriceError::Unreachable(id as u32))
}

fn main() {}
