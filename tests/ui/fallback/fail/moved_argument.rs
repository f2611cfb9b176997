//! The body moves an argument that the fallback names: rustc says so at that name.
use resil::{circuit, fallback};

#[derive(Debug, thiserror::Error)]
enum PriceError {
    #[error("not found")]
    NotFound,
    #[error("unreachable")]
    Unreachable(u32),
    #[error(transparent)]
    Resil(#[from] resil::Error),
}

async fn send(order: String) -> Result<usize, PriceError> {
    Err(PriceError::Unreachable(order.len() as u32))
}

#[fallback(order.len())]
async fn moved(order: String) -> Result<usize, PriceError> {
    send(order).await
}

#[fallback(|error| { println!("{order}: {error}"); 0 })]
#[circuit]
async fn moved_and_formatted(order: String) -> Result<usize, PriceError> {
    send(order).await
}

#[fallback(0, on(PriceError::Unreachable(_) if order.is_empty()))]
async fn moved_and_asked(order: String) -> Result<usize, PriceError> {
    send(order).await
}

fn main() {}
