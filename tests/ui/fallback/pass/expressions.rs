//! Each form of the expression.
#![deny(warnings)]
use resil::{fallback, retry};

#[derive(Debug)]
enum PriceError {
    NotFound,
    Unreachable(u32),
}

async fn cached(id: u32) -> Result<u32, PriceError> {
    if id > 2 { Ok(id) } else { Err(PriceError::NotFound) }
}

#[fallback(7)]
async fn a_literal(id: u32) -> Result<u32, PriceError> {
    Err(PriceError::Unreachable(id))
}

#[fallback(cached(id).await)]
async fn a_call(id: u32) -> Result<u32, PriceError> {
    Err(PriceError::Unreachable(id))
}

#[fallback(cached(id).await? + 1, on(PriceError::Unreachable(_)))]
async fn a_question_mark(id: u32) -> Result<u32, PriceError> {
    Err(PriceError::Unreachable(id))
}

#[fallback(|error| match error {
    PriceError::Unreachable(n) => Ok(n),
    other => Err(other),
})]
#[retry(max = 2, base = 1ms)]
async fn a_closure(id: u32) -> Result<u32, PriceError> {
    if id == 0 { Err(PriceError::NotFound) } else { Err(PriceError::Unreachable(id)) }
}

#[fallback(|_| Default::default())]
async fn a_default(id: u32) -> Result<Vec<u32>, PriceError> {
    Err(PriceError::Unreachable(id))
}

#[fallback(other)]
async fn an_argument(id: u32, other: u32) -> Result<u32, PriceError> {
    Err(PriceError::Unreachable(id))
}

macro_rules! with_fallback {
    ($name:ident, $value:expr) => {
        #[fallback($value)]
        async fn $name(id: u32) -> Result<u32, PriceError> {
            Err(PriceError::Unreachable(id))
        }
    };
}
with_fallback!(from_a_macro, 7);
with_fallback!(a_closure_from_a_macro, |error| if let PriceError::Unreachable(n) = error { n } else { 0 });

#[tokio::test]
async fn main() {
    assert_eq!(a_literal(1).await.unwrap(), 7);
    assert_eq!(a_call(3).await.unwrap(), 3);
    assert!(matches!(a_call(1).await, Err(PriceError::NotFound)));
    assert_eq!(a_question_mark(3).await.unwrap(), 4);
    assert_eq!(a_closure(3).await.unwrap(), 3);
    assert!(matches!(a_closure(0).await, Err(PriceError::NotFound)));
    assert!(a_default(1).await.unwrap().is_empty());
    assert_eq!(an_argument(1, 9).await.unwrap(), 9);
    assert_eq!(from_a_macro(1).await.unwrap(), 7);
    assert_eq!(a_closure_from_a_macro(5).await.unwrap(), 5);
}
