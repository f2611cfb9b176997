//! A library's own retry stands back under its caller's, and works where there is none.
#![deny(warnings, unused_qualifications)]
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use resil::retry;

static QUERIES: AtomicU32 = AtomicU32::new(0);

mod driver {
    use super::{QUERIES, Relaxed, retry};

    #[retry(base = 1ms, nested = outer)]
    pub(crate) async fn query(sql: &str) -> Result<Vec<String>, String> {
        QUERIES.fetch_add(1, Relaxed);
        Err(format!("connection lost: {sql}"))
    }
}

#[retry(base = 1ms, max = 2)]
async fn users() -> Result<Vec<String>, String> {
    driver::query("select name from users").await
}

#[tokio::test(start_paused = true)]
async fn main() {
    assert!(users().await.is_err());
    assert_eq!(QUERIES.swap(0, Relaxed), 2);
    let alone = driver::query("select 1").await;
    assert_eq!(alone, Err("connection lost: select 1".to_owned()));
    assert_eq!(QUERIES.load(Relaxed), 3);
}
