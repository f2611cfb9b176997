//! The store in an SQLite file is held to the public suite, in real time: through one handle,
//! through several that know nothing of each other, and in several processes at once.
//!
//! 2,000 sequences, or as many as `RESIL_SEQUENCES` says.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use resil::idempotency::conformance::Suite;
use resil::idempotency::sqlite;
use resil::idempotency::sqlite::Sqlite;
use resil::idempotency::store::{
    Ack, BoxFuture, ByHand, ClaimAnswer, ClaimRequest, RecordKey, Recorded, Resolution, Snapshot,
    Store, StoreResult, Token,
};

/// Set in a process that runs a part of the suite: the file.
const TOLD: &str = "RESIL_SQLITE_CHILD";

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
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn open(file: &Path) -> Sqlite {
    let options = sqlite(file).create_schema();
    options.open().await.expect("a store")
}

/// No step of many at a time may take as long as a unit, on a busy host either.
fn suite(store: Arc<dyn Store>) -> Suite {
    Suite::new(store).unit(Duration::from_millis(250))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_conforms() {
    let folder = Folder::new("conforms");
    suite(Arc::new(open(&folder.file()).await))
        .at_once(64)
        .sequences(sequences())
        .run()
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_handles_conform() {
    let folder = Folder::new("handles");
    let mut handles = Vec::new();
    for _ in 0..3 {
        handles.push(open(&folder.file()).await);
    }
    let next = AtomicUsize::new(0);
    suite(Arc::new(InTurn { handles, next }))
        .sequences(sequences() / 10)
        .run()
        .await;
}

#[test]
fn several_processes_conform() {
    let folder = Folder::new("processes");
    let start = || {
        Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "child", "--nocapture"])
            .env(TOLD, folder.file())
            .stdout(Stdio::null())
            .spawn()
            .expect("a process")
    };
    // All of them find that there is no file yet.
    let mut processes: Vec<_> = (0..3).map(|_| start()).collect();
    for process in &mut processes {
        let status = process.wait().expect("its status");
        assert!(status.success(), "{status}");
    }
}

/// No test: what each of several processes runs. Nothing, unless it is told to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Some(file) = std::env::var_os(TOLD) else {
        return;
    };
    suite(Arc::new(open(file.as_ref()).await))
        .at_once(16)
        .sequences(sequences() / 20)
        .run()
        .await;
}

/// Each step through another handle than the one before.
struct InTurn {
    handles: Vec<Sqlite>,
    next: AtomicUsize,
}

impl InTurn {
    fn next(&self) -> &Sqlite {
        &self.handles[self.next.fetch_add(1, Relaxed) % self.handles.len()]
    }
}

impl Store for InTurn {
    fn describe(&self) -> &'static str {
        "sqlite, by turns"
    }

    fn outlives_process(&self) -> bool {
        true
    }

    fn claim<'a>(
        &'a self,
        key: &'a RecordKey,
        request: &'a ClaimRequest,
    ) -> BoxFuture<'a, StoreResult<ClaimAnswer>> {
        self.next().claim(key, request)
    }

    fn renew<'a>(
        &'a self,
        key: &'a RecordKey,
        token: Token,
        lease: Duration,
        ttl: Duration,
    ) -> BoxFuture<'a, StoreResult<Ack>> {
        self.next().renew(key, token, lease, ttl)
    }

    fn complete<'a>(
        &'a self,
        key: &'a RecordKey,
        token: Token,
        recorded: &'a Recorded,
        ttl: Duration,
    ) -> BoxFuture<'a, StoreResult<Ack>> {
        self.next().complete(key, token, recorded, ttl)
    }

    fn release<'a>(&'a self, key: &'a RecordKey, token: Token) -> BoxFuture<'a, StoreResult<Ack>> {
        self.next().release(key, token)
    }

    fn abandon<'a>(&'a self, key: &'a RecordKey, token: Token) -> BoxFuture<'a, StoreResult<Ack>> {
        self.next().abandon(key, token)
    }

    fn lookup<'a>(&'a self, key: &'a RecordKey) -> BoxFuture<'a, StoreResult<Option<Snapshot>>> {
        self.next().lookup(key)
    }

    fn resolve<'a>(
        &'a self,
        key: &'a RecordKey,
        resolution: &'a Resolution,
    ) -> BoxFuture<'a, StoreResult<ByHand>> {
        self.next().resolve(key, resolution)
    }

    fn forget<'a>(&'a self, key: &'a RecordKey) -> BoxFuture<'a, StoreResult<ByHand>> {
        self.next().forget(key)
    }
}

#[tokio::test]
async fn a_key_inside_itself_is_told_at_once() {
    let folder = Folder::new("inside");
    let file = folder.file();
    // Two handles on one file: no more is known of them than that the record is one.
    crate::servers::attribute::a_key_inside_itself_is_told_at_once([
        open(&file).await,
        open(&file).await,
    ])
    .await;
}

#[tokio::test]
async fn a_body_that_blocks_its_thread_keeps_its_key() {
    let folder = Folder::new("blocks");
    crate::servers::attribute::a_body_that_blocks_its_thread_keeps_its_key(
        open(&folder.file()).await,
    )
    .await;
}

#[tokio::test]
async fn the_key_has_to_say_the_type() {
    let folder = Folder::new("kinds");
    crate::servers::attribute::the_key_has_to_say_the_type(open(&folder.file()).await).await;
}

#[tokio::test]
async fn a_value_shares_the_records_of_the_attribute() {
    let folder = Folder::new("values");
    let file = folder.file();
    crate::servers::attribute::a_value_shares_the_records_of_the_attribute([
        open(&file).await,
        open(&file).await,
    ])
    .await;
}
