use resil::{circuit, fallback, retry};

#[derive(Debug, thiserror::Error)]
enum PriceError {
    #[error("not found")]
    NotFound,
    #[error("unreachable")]
    Unreachable(u32),
    #[error(transparent)]
    Resil(#[from] resil::Error),
}

#[fallback(value = 7)]
async fn value() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback(7, apply_on(PriceError::NotFound), skip_on(PriceError::Unreachable(_)))]
async fn micro_profile() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback(stale, ttl = 5m)]
async fn caches() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback(last_okk)]
async fn a_slip() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[retry(fallback = 7)]
async fn of_a_retry() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[circuit(fallback_method = "cached")]
async fn of_a_circuit() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

fn main() {}
