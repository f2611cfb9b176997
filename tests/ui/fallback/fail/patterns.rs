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

#[fallback(7, on(is_lost))]
async fn a_predicate() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback(7, on(Err(PriceError::NotFound)))]
async fn around_the_error() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback(7, unless(PriceError))]
async fn a_type() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback(7, on = |e| matches!(e, PriceError::NotFound))]
async fn a_closure() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback(7, on(PriceError::Lost))]
async fn no_such_variant() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

#[fallback(7, on(PriceError::NotFound), on(PriceError::Unreachable(_)))]
async fn twice() -> Result<u32, PriceError> {
    Err(PriceError::NotFound)
}

fn main() {}
