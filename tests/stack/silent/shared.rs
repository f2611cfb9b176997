//! The usual stack, shared: its definition, and what it makes of functions.

use super::{E, LIMIT, answer, odd};

resil::stack! {
    /// How everything is called.
    pub(crate) USUAL = #[idempotent(key = n)]
        #[circuit]
        #[timeout(5s)]
        #[retry(exponential, max = 3, base = 1ms, jitter, unless(E::Busy if odd(n)))]
        #[timeout(LIMIT)];
    BLOCKING = #[circuit] #[retry(base = 1ms)];
    UNUSED = #[retry];
}

/// Documented, so that the stack is put into words.
///
/// # Errors
///
/// Where nobody answers.
#[resil::apply(USUAL)]
pub(super) async fn plain(n: u32) -> Result<u32, E> {
    let first = answer(n).await?;
    if odd(first) {
        return Ok(first);
    }
    Err(E::Busy)
}

#[resil::apply(USUAL, retry(clone(names), max = 2), fallback(Ok(0)))]
pub(super) async fn beside(n: u32, mut names: Vec<u32>) -> Result<usize, E> {
    names.push(answer(n).await?);
    Ok(names.len())
}

#[resil::apply(BLOCKING)]
pub(super) fn blocking(n: u32) -> Result<u32, E> {
    if odd(n) { Err(E::Busy) } else { Ok(n) }
}

/// A client.
#[derive(Debug, Default)]
pub(super) struct Client {
    seen: u32,
}

#[async_trait::async_trait]
impl super::stacked::Dynamic for Client {
    #[resil::apply(BLOCKING)]
    #[tracing::instrument(skip_all)]
    async fn change(&mut self, n: u32, log: &mut Vec<u32>) -> Result<u32, E> {
        log.push(n);
        self.seen += answer(n).await?;
        Ok(self.seen)
    }
}
