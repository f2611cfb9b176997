//! The store in an SQLite file is held to the public suite, in real time, by one process and by
//! several handles that know nothing of each other, as several processes do.
#![allow(
    clippy::disallowed_methods,
    reason = "SQLite's clock is the host's: nothing here can be paused"
)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use resil::idempotency::conformance::Suite;
use resil::idempotency::sqlite;
use resil::idempotency::sqlite::Sqlite;

/// 2,000 sequences, or as many as `RESIL_SEQUENCES` says.
fn sequences() -> u32 {
    std::env::var("RESIL_SEQUENCES").map_or(2_000, |n| n.parse().expect("a number"))
}

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let name = format!("resil-{test}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a folder for the test");
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("resil.db")
    }

    async fn open(&self) -> Sqlite {
        let options = sqlite(self.file()).create_schema();
        options.open().await.expect("a store")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_conforms() {
    let folder = Folder::new("conforms");
    let suite = Suite::new(Arc::new(folder.open().await));
    let started = std::time::Instant::now();
    suite
        .unit(Duration::from_millis(150))
        .sequences(sequences())
        .run()
        .await;
    println!("{:?}", started.elapsed());
}
