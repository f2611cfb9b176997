//! A price list that is read from a file: no runtime, no async.
use resil::{circuit, fallback, retry};

#[derive(Debug, thiserror::Error)]
enum PriceError {
    #[error("the file can't be read")]
    Read,
    #[error(transparent)]
    Resil(#[from] resil::Error),
}

fn block_on<F: Future>(_: F) -> Result<u32, PriceError> {
    Err(PriceError::Read)
}

#[fallback(|error| match error { PriceError::Read => 7, PriceError::Resil(_) => 8 })]
#[circuit(failures = 1)]
#[retry(max = 2, delays = [0s])]
fn price(name: &str) -> Result<u32, PriceError> {
    // A runtime by hand is the user's own.
    block_on(async { name.len() })
}

#[test]
fn main() {
    assert_eq!(price("lamp").unwrap(), 7);
    assert_eq!(price("lamp").unwrap(), 8);
}
