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

async fn cached() -> u32 {
    1
}

#[fallback(async { 7 })]
async fn a_block() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback(|error| async move { 7 })]
async fn in_a_closure() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback(cached())]
async fn not_awaited() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

fn main() {}
