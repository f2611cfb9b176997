//! A shop shows old prices while the provider is down, for each currency its own.
use resil::{circuit, fallback};

#[derive(Debug, thiserror::Error)]
enum PriceError {
    #[error("the provider is down")]
    Down,
    #[error(transparent)]
    Resil(#[from] resil::Error),
}

#[fallback(last_ok, max_age = 10m, key = currency, max_keys = 200)]
#[circuit(name = "shop-prices")]
async fn prices(currency: &str, is_up: bool) -> Result<Vec<u32>, PriceError> {
    if is_up { Ok(vec![currency.len() as u32, 2]) } else { Err(PriceError::Down) }
}

#[tokio::test]
async fn main() {
    assert_eq!(prices("EUR", true).await.unwrap(), [3, 2]);
    assert_eq!(prices("EUR", false).await.unwrap(), [3, 2]);
    assert!(prices("YEN", false).await.is_err());
}
