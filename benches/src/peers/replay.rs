//! Caches that give out a value again: dashmap, cached, moka.

use std::hint::black_box;
use std::time::Duration;

use dashmap::DashMap;
use moka::future::Cache;

use super::forever;
use crate::harness::Contestant;
use crate::rows::replay::{KEY, answer, work};
use crate::work::{Arg, Fault};

const DAY: Duration = Duration::from_hours(24);

async fn by_dashmap(store: &DashMap<String, String>, key: &str) -> Result<String, Fault> {
    if let Some(stored) = store.get(key) {
        return Ok(stored.clone());
    }
    let out = work().await?;
    store.insert(key.to_owned(), out.clone());
    Ok(out)
}

#[cached::macros::cached(
    max_size = 100_000,
    ttl_secs = 86_400,
    key = "String",
    convert = { key.to_owned() }
)]
async fn by_cached(key: &str) -> Result<String, Fault> {
    let _ = key;
    work().await
}

#[cached::macros::concurrent_cached(
    max_size = 100_000,
    ttl_secs = 86_400,
    key = "String",
    convert = { key.to_owned() }
)]
async fn by_concurrent_cached(key: &str) -> Result<String, Fault> {
    let _ = key;
    work().await
}

async fn by_moka(store: &Cache<String, String>, key: &str) -> Result<String, Fault> {
    if let Some(stored) = store.get(key).await {
        return Ok(stored);
    }
    store.insert(key.to_owned(), answer()).await;
    work().await
}

/// One caller at a time for a key: what comes closest to ours.
async fn by_moka_get_with(store: &Cache<String, String>, key: &str) -> Result<String, Fault> {
    let out = store.try_get_with_by_ref(key, work()).await;
    out.map_err(|_| Fault::Down)
}

fn moka() -> &'static Cache<String, String> {
    let builder = Cache::builder().max_capacity(100_000).time_to_live(DAY);
    forever(builder.build())
}

pub(crate) fn row() -> Vec<Contestant> {
    vec![
        Contestant::ready("dashmap", || {
            let store = forever(DashMap::new());
            move |_: Arg| by_dashmap(store, black_box(KEY))
        }),
        Contestant::ready("cached", || |_: Arg| by_cached(black_box(KEY))),
        Contestant::ready("cached, concurrent", || {
            |_: Arg| by_concurrent_cached(black_box(KEY))
        }),
        Contestant::ready("moka, get", || {
            let store = moka();
            move |_: Arg| by_moka(store, black_box(KEY))
        }),
        Contestant::ready("moka, try_get_with", || {
            let store = moka();
            move |_: Arg| by_moka_get_with(store, black_box(KEY))
        }),
    ]
}
