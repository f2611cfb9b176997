//! Functions with all policies, whose options the tests set.

use resil::{bulkhead, circuit, fallback, hedge, idempotent, rate_limit, retry, timeout};

use crate::Failed;

#[circuit(failure_rate = 50%, slow = 2s)]
#[bulkhead(max = 16, queue = 1)]
#[rate_limit(max = 100, per = 1s)]
#[timeout(50s)]
#[retry(max = 3)]
#[timeout(1s)]
pub(crate) async fn whole() -> Result<(), Failed> {
    Ok(())
}

#[circuit(key = part)]
#[bulkhead(max = 16, key = part)]
#[rate_limit(max = 100, per = 1s, key = part, store = "nowhere")]
pub(crate) async fn parted(part: &str) -> Result<(), Failed> {
    let _ = part;
    Ok(())
}

#[hedge(after = 50ms)]
pub(crate) async fn hedged() -> Result<(), Failed> {
    Ok(())
}

#[idempotent(key = id)]
pub(crate) async fn keyed(id: u32) -> Result<u32, Failed> {
    Ok(id)
}

#[fallback(last_ok)]
pub(crate) async fn remembered() -> Result<(), Failed> {
    Ok(())
}

#[circuit(name = "options.named", failure_rate = 50%, slow = 2s)]
#[bulkhead(name = "options.named", max = 16, queue = 1)]
#[rate_limit(name = "options.named", max = 100, per = 1s)]
#[retry(budget(name = "options.named", capacity = 500, cost = 5))]
pub(crate) async fn named() -> Result<(), Failed> {
    Ok(())
}

#[retry(max = 1)]
pub(crate) async fn moves(text: String) -> Result<String, Failed> {
    Ok(text)
}

#[timeout(1s)]
pub(crate) async fn bounded() -> Result<(), Failed> {
    Ok(())
}

/// Calls all of them, so that they are known.
pub(crate) async fn call_all() {
    whole().await.unwrap();
    // Its store is away, and that may be set to refuse it.
    let _ = parted("one").await;
    hedged().await.unwrap();
    keyed(1).await.unwrap();
    remembered().await.unwrap();
    named().await.unwrap();
    moves(String::new()).await.unwrap();
    bounded().await.unwrap();
}

pub(crate) fn path(name: &str) -> String {
    format!("{}::{name}", module_path!())
}
