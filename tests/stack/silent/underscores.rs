//! Names that begin with an underscore, where the generated code binds them to something.

use super::*;

#[fallback(|_error| Ok(7))]
pub(super) async fn error(n: u32) -> Result<u32, E> {
    answer(n).await
}

#[retry(max = 2, base = 1ms, attempt = _run, clone(_names))]
pub(super) async fn attempt(n: u32, _names: Vec<u32>, _more: Vec<u32>) -> Result<u32, E> {
    answer(n).await
}

#[retry(max = 2, base = 1ms)]
pub(super) async fn borrowed(n: u32, _seen: &mut u32, _name: &str) -> Result<u32, E> {
    answer(n).await
}

#[hedge(after = 500ms, clone(_names))]
#[timeout(LIMIT)]
pub(super) async fn copied(n: u32, _names: Vec<u32>) -> Result<u32, E> {
    answer(n).await
}

#[retry(max = 2, base = 1ms, clone(_names))]
pub(super) fn blocking(_names: Vec<u32>, _seen: &mut u32) -> Result<u32, E> {
    Ok(3)
}

#[async_trait::async_trait]
pub(super) trait Shop {
    async fn buy(&mut self, n: u32, _names: Vec<u32>, _seen: &mut u32) -> Result<u32, E>;
}

pub(super) struct Own;

#[async_trait::async_trait]
impl Shop for Own {
    #[retry(max = 2, base = 1ms, attempt = _run, clone(_names))]
    #[timeout(LIMIT)]
    async fn buy(&mut self, n: u32, _names: Vec<u32>, _seen: &mut u32) -> Result<u32, E> {
        answer(n).await
    }
}
