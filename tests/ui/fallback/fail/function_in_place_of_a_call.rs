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

async fn cached(_: PriceError) -> Result<u32, PriceError> {
    Ok(1)
}

#[fallback(cached)]
async fn a_name() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

struct Client;

impl Client {
    #[fallback(Self::cached)]
    async fn a_path(&self) -> Result<u32, PriceError> {
        Err(PriceError::NotFound)
    }

    #[fallback(fallback_method = "cached")]
    async fn by_option(&self) -> Result<u32, PriceError> {
        Err(PriceError::NotFound)
    }

    async fn cached(_: PriceError) -> Result<u32, PriceError> {
        Ok(1)
    }
}

fn main() {
    let _ = cached;
    let _ = Client::cached;
}
