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

#[fallback(cached().await)]
fn price() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

fn main() {}
