//! A result of 64 bytes that is stored in memory, given out again.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::{LazyLock, PoisonError, RwLock};

use resil::idempotent;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::harness::{Contestant, Row};
use crate::work::{Arg, Fault};

/// The key of every call.
pub(crate) const KEY: &str = "order-1234567";

/// What the body answers, as bytes of its own.
pub(crate) fn answer() -> String {
    black_box("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef").to_owned()
}

/// The body.
#[inline(always)]
pub(crate) async fn work() -> Result<String, Fault> {
    Ok(answer())
}

#[idempotent(key = key)]
async fn replayed(key: &str) -> Result<String, Fault> {
    let _ = key;
    work().await
}

/// The type is not known to be cloned: what was stored has to be decoded.
#[idempotent(key = key)]
async fn decoded<T>(key: &str, answer: fn() -> T) -> Result<T, Fault>
where
    T: Serialize + DeserializeOwned + Send + 'static,
{
    let _ = key;
    Ok(answer())
}

async fn by_hand(key: &str) -> Result<String, Fault> {
    static STORE: LazyLock<RwLock<HashMap<String, String>>> = LazyLock::new(RwLock::default);
    let read = || STORE.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(stored) = read().get(key).cloned() {
        return Ok(stored);
    }
    let out = work().await?;
    let mut stored = STORE.write().unwrap_or_else(PoisonError::into_inner);
    stored.insert(key.to_owned(), out.clone());
    Ok(out)
}

pub(super) fn row() -> Row {
    let row = Row::new("replay of a stored string", "hand")
        .with(Contestant::ready("bare", || |_: Arg| work()))
        .with(Contestant::ready("hand", || {
            |_: Arg| by_hand(black_box(KEY))
        }))
        .with(Contestant::ready("resil", || {
            |_: Arg| replayed(black_box(KEY))
        }))
        .with(Contestant::ready("resil, generic", || {
            |_: Arg| decoded(black_box(KEY), answer)
        }));
    #[cfg(feature = "peers")]
    let row = row.with_peers(crate::peers::replay::row());
    row
}
