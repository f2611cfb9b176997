//! What the public suite can not see: the file, its locks, its faults and its end. In real time,
//! as SQLite's clock is the host's; waits are bounded from above only.
#![allow(
    clippy::disallowed_methods,
    reason = "SQLite's clock is the host's: nothing here can be paused"
)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::{SCHEMA, Sqlite, SqliteOptions, sqlite};
use resil_runtime::idempotency::store::{
    Ack, ClaimAnswer, ClaimRequest, Outcome, RecordKey, Recorded, Store, StoreError,
    StoreErrorKind, StoreResult, Token,
};

const LONG: Duration = Duration::from_secs(3_600);
const SHORT: Duration = Duration::from_millis(1);

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("resil-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder for the test");
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("resil.db")
    }

    fn options(&self) -> SqliteOptions {
        sqlite(self.file()).create_schema()
    }

    async fn open(&self) -> Sqlite {
        self.options().open().await.expect("a store")
    }

    /// As `sqlite3` does.
    fn by_hand(&self) -> Connection {
        Connection::open(self.file()).expect("the file")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn key(n: u16) -> RecordKey {
    let mut hash = [7; 32];
    hash[..2].copy_from_slice(&n.to_be_bytes());
    RecordKey::new(hash, "a.test")
}

fn request(ttl: Duration) -> ClaimRequest {
    ClaimRequest::new(Token::random(), LONG, ttl)
}

fn ok(body: &[u8]) -> Recorded {
    Recorded::new(Outcome::Ok, body, "json", 1)
}

async fn fence(store: &Sqlite, key: &RecordKey, request: &ClaimRequest) -> u64 {
    match store.claim(key, request).await {
        Ok(ClaimAnswer::Claimed { fence, .. }) => fence,
        other => panic!("not claimed: {other:?}"),
    }
}

/// Claims and completes.
async fn done(store: &Sqlite, key: &RecordKey, ttl: Duration) -> u64 {
    let request = request(LONG);
    let fence = fence(store, key, &request).await;
    let done = store.complete(key, request.token, &ok(b"1"), ttl).await;
    assert_eq!(done, Ok(Ack::Ok));
    fence
}

#[track_caller]
fn fault<T>(out: StoreResult<T>) -> (StoreErrorKind, String) {
    let e: StoreError = out.err().expect("an error");
    (e.kind(), e.to_string())
}

#[tokio::test]
async fn nothing_is_created_unless_asked() {
    let folder = Folder::new("unasked");
    let (kind, _) = fault(sqlite(folder.file()).open().await);
    assert_eq!(kind, StoreErrorKind::Misconfigured);
    assert!(!folder.file().exists());

    let (kind, said) = fault(folder.options().table("a'b").open().await);
    assert_eq!(kind, StoreErrorKind::Misconfigured);
    assert!(said.contains("A-Z a-z"), "{said}");
    assert!(!folder.file().exists());

    drop(folder.by_hand());
    let (kind, said) = fault(sqlite(folder.file()).open().await);
    assert_eq!(kind, StoreErrorKind::Misconfigured);
    assert!(said.contains("create_schema()"), "{said}");

    // By hand, from the text; and once more, which changes nothing.
    folder.by_hand().execute_batch(SCHEMA).expect("the schema");
    folder.by_hand().execute_batch(SCHEMA).expect("the schema");
    let store = sqlite(folder.file()).open().await.expect("a store");
    done(&store, &key(1), LONG).await;

    let (kind, said) = fault(sqlite(folder.file()).table("other").open().await);
    assert_eq!(kind, StoreErrorKind::Misconfigured);
    assert!(said.contains("`other`"), "{said}");
    let other = folder.options().table("Other-1:2.3");
    let other = other.open().await.expect("a second table");
    assert_eq!(other.lookup(&key(1)).await, Ok(None));
}

#[tokio::test]
async fn what_is_no_database_is_refused() {
    let folder = Folder::new("strange-file");
    let text = b"this is a text and not a database at all\n".repeat(100);
    std::fs::write(folder.file(), &text).expect("a text");
    assert_eq!(
        fault(folder.options().open().await).0,
        StoreErrorKind::Corrupt
    );
    assert_eq!(std::fs::read(folder.file()).expect("the text"), text);

    let (kind, said) = fault(sqlite(":memory:").create_schema().open().await);
    assert_eq!(kind, StoreErrorKind::Misconfigured);
    assert!(said.contains("write-ahead log"), "{said}");

    let missing = folder.0.join("no-such-folder").join("resil.db");
    let missing = sqlite(missing).create_schema().open().await;
    assert_eq!(fault(missing).0, StoreErrorKind::Misconfigured);
}

#[tokio::test]
async fn a_layout_of_another_version_is_refused() {
    let folder = Folder::new("layout");
    drop(folder.open().await);
    let later = "UPDATE resil_idempotency_meta SET layout = 2";
    folder.by_hand().execute_batch(later).expect("an update");
    let (kind, said) = fault(folder.options().open().await);
    assert_eq!(kind, StoreErrorKind::Misconfigured);
    assert!(said.contains("layout"), "{said}");
}

#[tokio::test]
async fn it_is_durable_and_can_be_looked_into() {
    let folder = Folder::new("durable");
    let store = folder.open().await;
    done(&store, &key(1), LONG).await;
    fence(&store, &key(2), &request(LONG)).await;
    let hand = folder.by_hand();
    let mode: (String, i64) = hand
        .query_row(
            "SELECT journal_mode, (SELECT count(*) FROM resil_idempotency) \
             FROM pragma_journal_mode",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .expect("an answer");
    assert_eq!(mode, ("wal".to_owned(), 2));
    let shown: String = hand
        .query_row(
            "SELECT group_concat(scope || ' ' || state || ' ' || ifnull(outcome, '-'), ', ') \
             FROM (SELECT * FROM resil_idempotency ORDER BY key)",
            [],
            |row| row.get(0),
        )
        .expect("an answer");
    assert_eq!(shown, "a.test done ok, a.test pending -");
    assert!(!format!("{store:?} {:?}", folder.options()).contains("resil.db"));
}

#[tokio::test]
async fn the_thread_does_what_waits_and_ends_with_the_last_handle() {
    let folder = Folder::new("end");
    let store = folder.open().await;
    let (mine, request) = (key(1), request(LONG));
    fence(&store, &mine, &request).await;
    let wal = folder.0.join("resil.db-wal");
    assert!(wal.exists());
    {
        // Sent, and its caller is gone: it is done all the same.
        let body = ok(b"1");
        let mut complete = store.complete(&mine, request.token, &body, LONG);
        let waker = std::task::Waker::noop();
        let mut cx = std::task::Context::from_waker(waker);
        assert!(complete.as_mut().poll(&mut cx).is_pending());
    }
    drop(store);
    // The last connection takes the log along when it is closed.
    let until = Instant::now() + Duration::from_secs(20);
    while wal.exists() && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!wal.exists(), "the thread runs still");
    let kept = folder.open().await.claim(&mine, &request).await;
    assert_eq!(kept, Ok(ClaimAnswer::Done(ok(b"1"))));
}

#[tokio::test]
async fn expired_records_are_swept_and_fences_rise_all_the_same() {
    let folder = Folder::new("sweep");
    let store = folder.options().sweep_every(Duration::MAX);
    let store = store.open().await.expect("a store");
    let mut last = 0;
    let mut many = tokio::task::JoinSet::new();
    for n in 0..1_003 {
        let store = store.clone();
        many.spawn(async move { done(&store, &key(n), SHORT).await });
    }
    while let Some(fence) = many.join_next().await {
        last = last.max(fence.expect("no panic"));
    }
    // Kept: a result that lives, a claim that runs past its ttl, a dead one before it.
    done(&store, &key(2_000), LONG).await;
    fence(&store, &key(2_001), &request(SHORT)).await;
    let dead = ClaimRequest::new(Token::random(), SHORT, LONG);
    last = fence(&store, &key(2_002), &dead).await.max(last);
    // Dead and expired: it goes.
    let gone = ClaimRequest::new(Token::random(), SHORT, SHORT);
    last = fence(&store, &key(2_003), &gone).await.max(last);
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert_eq!(store.sweep().await, Ok(1_000));
    assert_eq!(store.sweep().await, Ok(4));
    assert_eq!(store.sweep().await, Ok(0));
    for n in 2_000..2_003 {
        assert!(store.lookup(&key(n)).await.expect("an answer").is_some());
    }
    for n in [0, 1_002, 2_003] {
        let next = fence(&store, &key(n), &request(LONG)).await;
        assert!(next > last, "{next} after {last}");
        last = next;
    }
}

#[tokio::test]
async fn expired_records_are_swept_by_themselves() {
    let folder = Folder::new("sweeper");
    let often = folder.options().sweep_every(Duration::from_millis(10));
    let store = often.open().await.expect("a store");
    done(&store, &key(1), SHORT).await;
    let count = || -> i64 {
        let count = "SELECT count(*) FROM resil_idempotency";
        let hand = folder.by_hand();
        hand.query_row(count, [], |row| row.get(0))
            .expect("a count")
    };
    let until = Instant::now() + Duration::from_secs(20);
    while count() > 0 && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(count(), 0);
}

#[tokio::test]
async fn a_writer_that_holds_the_lock_is_waited_for_and_not_for_ever() {
    let folder = Folder::new("busy");
    let store = folder.options().busy_timeout(Duration::from_millis(50));
    let store = store.open().await.expect("a store");
    done(&store, &key(1), LONG).await;
    let hand = folder.by_hand();
    hand.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let late = request(LONG);
    let (kind, said) = fault(store.claim(&key(2), &late).await);
    assert_eq!(kind, StoreErrorKind::Unavailable);
    assert!(said.contains("locked"), "{said}");
    // Who reads waits for nobody.
    let replay = store.claim(&key(1), &request(LONG)).await;
    assert_eq!(replay, Ok(ClaimAnswer::Done(ok(b"1"))));
    assert_eq!(store.lookup(&key(2)).await, Ok(None));
    hand.execute_batch("COMMIT").expect("the lock goes");
    fence(&store, &key(2), &late).await;
}

#[tokio::test]
async fn a_step_that_fails_fails_alone() {
    let folder = Folder::new("alone");
    let store = folder.open().await;
    folder
        .by_hand()
        .execute_batch(
            "CREATE TRIGGER no BEFORE INSERT ON resil_idempotency \
             WHEN substr(new.key, 1, 2) = x'0005' \
             BEGIN SELECT RAISE(ABORT, 'not this one'); END",
        )
        .expect("a trigger");
    // Behind a lock they come to wait together, and share a commit.
    let hand = folder.by_hand();
    hand.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let mut claims = tokio::task::JoinSet::new();
    for n in 0..10 {
        let store = store.clone();
        claims.spawn(async move { (n, store.claim(&key(n), &request(LONG)).await) });
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    hand.execute_batch("COMMIT").expect("the lock goes");
    while let Some(claim) = claims.join_next().await {
        match claim.expect("no panic") {
            (5, out) => assert!(fault(out).1.contains("not this one")),
            (n, out) => assert!(
                matches!(out, Ok(ClaimAnswer::Claimed { .. })),
                "{n}: {out:?}"
            ),
        }
    }
}

#[tokio::test]
async fn a_claim_that_nobody_waits_for_is_not_made() {
    let folder = Folder::new("nobody");
    let store = folder.open().await;
    let hand = folder.by_hand();
    hand.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    // The thread waits for the lock with the first one; the second one is dropped in the queue.
    let first = tokio::spawn({
        let store = store.clone();
        async move { fence(&store, &key(1), &request(LONG)).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    {
        let (mine, request) = (key(2), request(LONG));
        let mut claim = store.claim(&mine, &request);
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(claim.as_mut().poll(&mut cx).is_pending());
    }
    hand.execute_batch("COMMIT").expect("the lock goes");
    first.await.expect("no panic");
    assert_eq!(store.lookup(&key(2)).await, Ok(None));
}

#[tokio::test]
async fn a_strange_row_is_an_error_of_its_own_key() {
    let folder = Folder::new("strange-row");
    let store = folder.open().await;
    done(&store, &key(1), LONG).await;
    done(&store, &key(2), LONG).await;
    folder
        .by_hand()
        .execute_batch(
            "UPDATE resil_idempotency SET codec = NULL WHERE substr(key, 1, 2) = x'0001'",
        )
        .expect("an update");
    let (kind, said) = fault(store.claim(&key(1), &request(LONG)).await);
    assert_eq!(kind, StoreErrorKind::Corrupt);
    assert!(said.contains("`codec`"), "{said}");
    let other = store.claim(&key(2), &request(LONG)).await;
    assert_eq!(other, Ok(ClaimAnswer::Done(ok(b"1"))));
}

#[tokio::test]
async fn a_table_that_goes_is_an_error_and_no_panic() {
    let folder = Folder::new("dropped");
    let store = folder.open().await;
    done(&store, &key(1), LONG).await;
    let hand = folder.by_hand();
    hand.execute_batch("DROP TABLE resil_idempotency")
        .expect("no table");
    let (kind, _) = fault(store.claim(&key(1), &request(LONG)).await);
    assert_eq!(kind, StoreErrorKind::Misconfigured);
    hand.execute_batch(SCHEMA).expect("the schema");
    fence(&store, &key(1), &request(LONG)).await;
}
