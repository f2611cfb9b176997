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

#[fallback(last_ok, max_age = 5)]
async fn no_unit() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback(last_ok, max_age = 0s)]
async fn zero() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback(last_ok = true)]
async fn a_value() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback(last_ok(max_age = 5m))]
async fn inside() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback(last_ok, max_keys = 10)]
async fn no_key() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback(last_ok, key = id, max_keys = 0)]
async fn no_keys(id: u32) -> Result<u32, PriceError> {
    Err(PriceError::Unreachable(id))
}

#[fallback(last_ok, max_age = age)]
async fn an_argument(age: std::time::Duration) -> Result<u32, PriceError> {
    Err(PriceError::Unreachable(age.as_secs() as u32))
}

fn main() {}
