//! `#[async_trait]` with `#[instrument(err)]` (or `ret`) above the retry, or below it: `&mut self`
//! and owned arguments are moved, by code that the user did not write. `#[instrument]` without
//! `err` and `ret` compiles, as does the same method outside of `#[async_trait]`.
#![deny(warnings)]
use async_trait::async_trait;
use resil::retry;
use tracing::instrument;

#[async_trait]
trait Store {
    async fn above(&mut self, item: Vec<u8>) -> Result<usize, String>;
    async fn below(&mut self, item: Vec<u8>) -> Result<usize, String>;
}

struct Disk(u32);

#[async_trait]
impl Store for Disk {
    #[instrument(skip_all, err)]
    #[retry(base = 1ms)]
    async fn above(&mut self, item: Vec<u8>) -> Result<usize, String> {
        self.0 += 1;
        if self.0 < 3 {
            Err("busy".to_owned())
        } else {
            Ok(item.len())
        }
    }

    #[retry(base = 1ms)]
    #[instrument(skip_all, ret)]
    async fn below(&mut self, item: Vec<u8>) -> Result<usize, String> {
        self.0 += 1;
        if self.0 < 3 {
            Err("busy".to_owned())
        } else {
            Ok(item.len())
        }
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    assert_eq!(Disk(0).above(vec![1]).await, Ok(1));
    assert_eq!(Disk(0).below(vec![1]).await, Ok(1));
}
