//! All eight policies, and `bulkhead` and `rate_limit`, on each kind of function.

use resil::{bulkhead, circuit, fallback, hedge, idempotent, rate_limit, retry, timeout};

use super::{E, answer, odd};

/// The usual stack of eight, documented, so that it is put into words.
///
/// # Errors
///
/// Where nobody answers.
#[fallback(|error| if matches!(error, E::Busy) { n } else { return Err(error) })]
#[idempotent(key = n)]
#[rate_limit(max = 1_000, per = 1s, wait = 100ms)]
#[circuit]
#[bulkhead(max = 16, queue = 64, wait = 100ms)]
#[timeout(5s)]
#[retry(base = 1ms)]
#[hedge(after = 500ms)]
#[timeout(1s)]
pub(super) async fn plain(n: u32) -> Result<u32, E> {
    let first = answer(n).await?;
    if odd(first) {
        return Ok(first);
    }
    for i in 0..first {
        if i == 2 {
            return Ok(i);
        }
    }
    Err(E::Busy)
}

#[fallback(last_ok, key = n)]
#[rate_limit(max = 1_000, per = 1s, cost = n, key = n)]
#[bulkhead(max = 16, queue = 64, key = n)]
#[retry(base = 1ms)]
pub(super) async fn generic<'a, T, F>(items: &'a [T], n: u32, pick: F) -> Result<usize, E>
where
    T: Sync,
    F: Fn(&'a T) -> bool + Send + Sync,
{
    let _: u32 = answer(n).await?;
    items.iter().position(&pick).ok_or(E::NotYet)
}

#[rate_limit(max = 1_000, per = 1s, wait = 100ms)]
#[bulkhead(max = 16, queue = 64)]
pub(super) async fn patterns((a, b): (u32, u32), [c]: [u32; 1], _: u8) -> Result<u32, E> {
    answer(a + b + c).await
}

#[fallback(Ok(n))]
#[idempotent(key = n)]
#[rate_limit(max = 1_000, per = 1s, wait = 100ms, cost = n)]
#[circuit]
#[bulkhead(max = 16, queue = 64, wait = 100ms, key = n)]
#[retry(base = 1ms)]
pub(super) fn blocking(n: u32) -> Result<u32, E> {
    if odd(n) { Err(E::Busy) } else { Ok(n) }
}

/// A client.
#[derive(Debug, Default)]
pub(super) struct Client {
    seen: u32,
}

impl Client {
    #[fallback(Ok(self.seen))]
    #[idempotent(key = (self.seen, n))]
    #[rate_limit(max = 1_000, per = 1s, wait = 100ms, cost = self.seen + 1)]
    #[circuit]
    #[bulkhead(max = 16, queue = 64, wait = 100ms, key = self.seen)]
    #[timeout(5s)]
    #[hedge(after = 500ms)]
    #[timeout(1s)]
    pub(super) async fn read(&self, n: u32) -> Result<u32, E> {
        Ok(self.seen + answer(n).await?)
    }

    #[rate_limit(max = 1_000, per = 1s, wait = 100ms)]
    #[bulkhead(adaptive, queue = 64, wait = 100ms)]
    #[retry(base = 1ms)]
    pub(super) async fn write(&mut self, n: u32) -> Result<u32, E> {
        self.seen += answer(n).await?;
        Ok(self.seen)
    }

    #[rate_limit(max = 1_000, per = 1s, wait = 100ms)]
    #[bulkhead(max = 16, queue = 64, wait = 100ms)]
    pub(super) fn block(&mut self, log: &mut Vec<u32>) -> Result<usize, E> {
        log.push(self.seen);
        Ok(log.len())
    }
}

#[async_trait::async_trait]
impl super::stacked::Dynamic for Client {
    #[fallback(Ok(self.seen))]
    #[rate_limit(max = 1_000, per = 1s, wait = 100ms)]
    #[circuit]
    #[bulkhead(max = 16, queue = 64, wait = 100ms)]
    #[timeout(5s)]
    #[retry(base = 1ms)]
    #[timeout(1s)]
    async fn change(&mut self, n: u32, log: &mut Vec<u32>) -> Result<u32, E> {
        log.push(n);
        self.seen += answer(n).await?;
        Ok(self.seen)
    }

    #[fallback(Ok(0))]
    #[idempotent(key = name)]
    #[rate_limit(max = 1_000, per = 1s, wait = 100ms)]
    #[circuit]
    #[bulkhead(max = 16, queue = 64, wait = 100ms)]
    #[timeout(5s)]
    #[retry(base = 1ms)]
    #[hedge(after = 500ms)]
    #[timeout(1s)]
    async fn provided(&self, name: String) -> Result<u32, E> {
        answer(u32::try_from(name.len()).unwrap_or(0)).await
    }
}

impl super::stacked::Native for Client {
    #[fallback(Ok(self.seen))]
    #[idempotent(key = n)]
    #[rate_limit(max = 1_000, per = 1s, wait = 100ms)]
    #[circuit]
    #[bulkhead(max = 16, queue = 64, wait = 100ms)]
    #[timeout(5s)]
    #[hedge(after = 500ms)]
    #[timeout(1s)]
    async fn native(&self, n: u32) -> Result<u32, E> {
        Ok(self.seen + answer(n).await?)
    }
}
