//! The same on every store: two servers with one store each of their own, a client that hangs up on one of them and
//! asks the other.

#[path = "../../../tests/stores/servers/exported.rs"]
mod exported;

use std::path::PathBuf;
use std::time::Duration;

use exported::exported;
use resil_runtime::idempotency::store::Memory;
use resil_runtime::idempotency::{IdempotentPolicy, Store};
use resil_stores::Shared;

use crate::server::{Server, keys, request, rest};

/// Two handles on one store are what two processes have.
async fn hold(stores: [Shared; 2]) {
    let run: u64 = u64::from(std::process::id());
    let key = format!("{run}-{:?}", std::time::SystemTime::now());
    let [one, other] = stores;
    let policy = IdempotentPolicy::new().lease(Duration::from_secs(5));
    let one = Server::start(keys(one).policy(policy)).await;
    let other = Server::start(keys(other).policy(policy)).await;
    let text = request(&key, "a book");
    let first = one.write(&text).await;
    one.has_begun(1).await;
    drop(first);
    let again = other.write(&text).await;
    let again = tokio::spawn(rest(again));
    one.let_go(1);
    let again = again.await.unwrap();
    assert!(again.contains("idempotency-replayed: true"), "{again}");
    assert!(again.ends_with("paid 1: a book"), "{again}");
    for server in [&one, &other] {
        let reused = server.answer(&request(&key, "two books")).await;
        assert!(reused.starts_with("HTTP/1.1 422"), "{reused}");
        assert!(server.replay(&text).await.ends_with("paid 1: a book"));
    }
    assert_eq!((one.effects(), other.begun()), (1, 0));
}

fn shared(store: impl Store) -> Shared {
    Shared::new(store)
        .namespace("http")
        .pepper("0123456789abcdef")
}

#[tokio::test(flavor = "multi_thread")]
async fn memory() {
    let store = shared(Memory::default());
    hold([store.clone(), store]).await;
}

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite() {
    let name = format!("resil-http-keys-{}", std::process::id());
    let folder = Folder(std::env::temp_dir().join(name));
    std::fs::create_dir_all(&folder.0).unwrap();
    let open = || {
        resil_stores::sqlite(folder.0.join("keys.db"))
            .create_schema()
            .open()
    };
    let stores = [open().await.unwrap(), open().await.unwrap()];
    hold(stores.map(shared)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis() {
    let Some(url) = exported("RESIL_TEST_REDIS") else {
        return;
    };
    let open = || resil_stores::redis(url.as_str()).expect("a URL");
    hold([open(), open()].map(shared)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres() {
    let Some(url) = exported("RESIL_TEST_POSTGRES") else {
        return;
    };
    let open = async || {
        let store = resil_stores::postgres(&url).expect("a URL");
        let store = store.table("http_keys").expect("a name");
        store.create_schema().await.expect("created");
        store
    };
    hold([open().await, open().await].map(shared)).await;
}
