//! What cannot be kept: each error is at the success type.
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

struct Page(Vec<u8>);

#[fallback(last_ok)]
async fn not_clone() -> Result<Page, PriceError> {
    Ok(Page(vec![]))
}

#[fallback(last_ok)]
async fn not_sync() -> Result<std::rc::Rc<u8>, PriceError> {
    Ok(1.into())
}

#[fallback(last_ok, key = text)]
async fn borrowed(text: &str) -> Result<&str, PriceError> {
    Ok(text)
}

#[fallback(last_ok)]
async fn a_slice(bytes: &[u8]) -> Result<&[u8], PriceError> {
    Ok(bytes)
}

#[fallback(last_ok, max_age = 5m)]
async fn generic<T: Default>() -> Result<T, PriceError> {
    Ok(T::default())
}

fn main() {
    let _ = Page(vec![]).0;
}
