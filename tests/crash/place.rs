//! The stores that the crashes are tried on, by URL, since a worker is told its store in a line of
//! text.

#[path = "../stores/servers/exported.rs"]
#[cfg_attr(
    not(any(feature = "redis", feature = "postgres")),
    allow(dead_code, reason = "a file needs no server")
)]
mod exported;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use resil::idempotency::Store;
use resil::idempotency::sqlite;

#[cfg(any(feature = "redis", feature = "postgres"))]
use exported::exported;

/// What a test leaves on the disk, gone with it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("resil-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder for the test");
        Self(path)
    }

    /// The stores to try: all that this build has and this host runs.
    pub(crate) fn stores(&self) -> Vec<String> {
        let file = self.0.join("resil.db");
        let mut all = vec![format!("sqlite:{}", file.display())];
        // Servers of the tests' own, which `./test` starts.
        if cfg!(feature = "redis") {
            all.extend(exported("RESIL_TEST_REDIS"));
        }
        if cfg!(feature = "postgres") {
            all.extend(exported("RESIL_TEST_POSTGRES"));
        }
        all
    }

    /// Where the workers write what they did.
    pub(crate) fn ledger(&self, store: &str) -> PathBuf {
        let (scheme, _) = store.split_once(':').expect("a URL");
        self.0.join(format!("{scheme}.ledger"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The store at a URL.
pub(crate) async fn open(url: &str) -> Arc<dyn Store> {
    match url.split_once(':') {
        Some(("sqlite", file)) => {
            let store = sqlite(Path::new(file)).create_schema().open().await;
            Arc::new(store.expect("an SQLite store"))
        }
        #[cfg(feature = "redis")]
        Some(("redis", _)) => Arc::new(resil::idempotency::redis(url).expect("a Redis store")),
        #[cfg(feature = "postgres")]
        Some(("postgres", _)) => {
            let store = resil::idempotency::postgres(url).expect("a PostgreSQL store");
            store.create_schema().await.expect("its schema");
            Arc::new(store)
        }
        _ => panic!("no store of this build is at {url}"),
    }
}
