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

struct Id(u32);

#[fallback(last_ok, key = id)]
async fn no_display(id: Id) -> Result<u32, PriceError> {
    Ok(id.0)
}

#[fallback(last_ok, key = missing)]
async fn unknown(id: u32) -> Result<u32, PriceError> {
    Ok(id)
}

fn main() {}
