//! Redis and PostgreSQL that stand still, die, hang up, or are cut off in mid-word, under eight
//! workers that contend for keys. While the store is away no step is answered; whatever is answered
//! before, between and after is right; and it is back within two seconds of its server.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::servers;
use crate::servers::proxy::{Cut, Proxy, Way};
use crate::servers::{Kind, Own};
use resil::idempotency::store::{
    Ack, ClaimAnswer, ClaimRequest, Outcome, RecordKey, Recorded, Snapshot, Store, Token,
};
use resil::idempotency::{self, OnAbandon};
use tokio::task::JoinSet;
use tokio::time::sleep;

const WORKERS: usize = 8;
const LONG: Duration = Duration::from_secs(3600);
/// A server that is back is used again within this.
const RECOVERY: Duration = Duration::from_secs(2);

/// What the workers saw of one key.
#[derive(Default)]
struct Seen {
    started: Vec<[u8; 16]>,
    recorded: Option<[u8; 16]>,
    replayed: Vec<Vec<u8>>,
}

/// Workers over one store.
struct Work {
    store: Arc<dyn Store>,
    keys: Mutex<HashMap<[u8; 32], Seen>>,
    claims: AtomicUsize,
    refused: AtomicUsize,
    over: AtomicBool,
}

fn key_of(n: usize) -> [u8; 32] {
    let mut hash = [7; 32];
    hash[..8].copy_from_slice(&(n as u64).to_be_bytes());
    hash
}

fn request(token: Token) -> ClaimRequest {
    ClaimRequest::new(token, LONG, LONG).on_abandon(OnAbandon::Indeterminate)
}

fn recorded(token: Token) -> Recorded {
    Recorded::new(Outcome::Ok, *token.as_bytes(), "json", 1)
}

/// Sends a step again, the very same one, until it is answered. Says how often it was not.
async fn answered<T, F: Future<Output = idempotency::store::StoreResult<T>>>(
    mut step: impl FnMut() -> F,
) -> (T, usize) {
    let begun = Instant::now();
    for refused in 0.. {
        match step().await {
            Ok(answer) => return (answer, refused),
            Err(e) => assert!(begun.elapsed() < Duration::from_secs(60), "{e}"),
        }
        sleep(Duration::from_millis(10)).await;
    }
    unreachable!("it is answered or it is not")
}

impl Work {
    fn of(&self, key: [u8; 32], f: impl FnOnce(&mut Seen)) {
        f(self.keys.lock().expect("no panic").entry(key).or_default());
    }

    async fn worker(self: Arc<Self>) {
        while !self.over.load(SeqCst) {
            let hash = key_of(self.claims.fetch_add(1, SeqCst) / WORKERS);
            let (key, token) = (RecordKey::new(hash, "faults"), Token::random());
            let (answer, refused) =
                answered(async || self.store.claim(&key, &request(token)).await).await;
            self.refused.fetch_add(refused, SeqCst);
            match answer {
                ClaimAnswer::Claimed { taken_over, .. } => {
                    assert!(!taken_over, "no lease has ended");
                    self.of(hash, |seen| seen.started.push(*token.as_bytes()));
                    let body = recorded(token);
                    let complete = async || self.store.complete(&key, token, &body, LONG).await;
                    let (ack, refused) = answered(complete).await;
                    self.refused.fetch_add(refused, SeqCst);
                    assert_eq!(ack, Ack::Ok, "nobody can have taken it");
                    self.of(hash, |seen| seen.recorded = Some(*token.as_bytes()));
                }
                ClaimAnswer::Done(kept) => {
                    self.of(hash, |seen| seen.replayed.push(kept.body.to_vec()));
                }
                ClaimAnswer::Busy { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    async fn back(&self) {
        let (begun, token) = (Instant::now(), Token::random());
        let key = RecordKey::new(rand::random(), "faults");
        answered(async || self.store.claim(&key, &request(token)).await).await;
        assert!(
            begun.elapsed() < RECOVERY,
            "back after {:?}",
            begun.elapsed()
        );
    }

    /// Every answer that a worker got, beside what is kept.
    async fn judge(&self, what: &str) {
        let keys = std::mem::take(&mut *self.keys.lock().expect("no panic"));
        let (mut started, mut replays) = (0, 0);
        for (hash, seen) in &keys {
            assert!(seen.started.len() <= 1, "{what}: a key was started twice");
            let kept = self.store.lookup(&RecordKey::new(*hash, "faults")).await;
            let kept = kept.expect("it is back");
            if let Some(by) = seen.recorded {
                let Some(Snapshot::Done { recorded, .. }) = kept else {
                    panic!("{what}: what was acknowledged is gone: {kept:?}");
                };
                assert_eq!(recorded.body[..], by, "{what}: the owner's result is kept");
            }
            for replay in &seen.replayed {
                assert_eq!(
                    seen.started.first().map(|t| &t[..]),
                    Some(&replay[..]),
                    "{what}"
                );
            }
            started += seen.started.len();
            replays += seen.replayed.len();
        }
        let refused = self.refused.load(SeqCst);
        println!(
            "{what}: {} keys, {started} started, {replays} replays, {refused} steps unanswered",
            keys.len()
        );
        assert!(started > 0, "{what}: nothing was done");
    }
}

fn store(kind: Kind, url: &str, timeout: Duration) -> Arc<dyn Store> {
    match kind {
        Kind::Redis => Arc::new(idempotency::redis(url).expect("a URL").timeout(timeout)),
        Kind::Postgres => Arc::new(idempotency::postgres(url).expect("a URL").timeout(timeout)),
    }
}

async fn prepare(kind: Kind, url: &str) {
    if kind == Kind::Postgres {
        let store = idempotency::postgres(url).expect("a URL");
        store.create_schema().await.expect("created");
    }
}

async fn under(kind: Kind, what: &str, fault: impl AsyncFnOnce(&mut Own, &Work)) {
    let Some(mut own) = Own::start(kind).await else {
        return;
    };
    prepare(kind, &own.url).await;
    let work = Arc::new(Work {
        store: store(kind, &own.url, Duration::from_secs(1)),
        keys: Mutex::default(),
        claims: AtomicUsize::new(0),
        refused: AtomicUsize::new(0),
        over: AtomicBool::new(false),
    });
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS {
        workers.spawn(Arc::clone(&work).worker());
    }
    sleep(Duration::from_millis(200)).await;
    fault(&mut own, &work).await;
    sleep(Duration::from_millis(200)).await;
    work.over.store(true, SeqCst);
    workers.join_all().await;
    work.judge(&format!("{kind:?}, {what}")).await;
}

async fn standing_still(kind: Kind) {
    under(kind, "SIGSTOP", async |own, work| {
        for ms in [100, 300, 1_000, 3_000] {
            own.freeze(Duration::from_millis(ms)).await;
            work.back().await;
            sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
}

async fn killed(kind: Kind) {
    under(kind, "SIGKILL", async |own, work| {
        for _ in 0..3 {
            own.kill();
            sleep(Duration::from_millis(100)).await;
            own.start_again().await;
            work.back().await;
            sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_stands_still() {
    standing_still(Kind::Redis).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_stands_still() {
    standing_still(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_killed_and_comes_back() {
    killed(Kind::Redis).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_killed_and_comes_back() {
    killed(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn client_kill() {
    under(Kind::Redis, "CLIENT KILL", async |own, work| {
        let client = redis::Client::open(own.url.as_str()).expect("a URL");
        let mut plain = client
            .get_multiplexed_async_connection()
            .await
            .expect("it answers");
        for _ in 0..40 {
            let mut kill = redis::cmd("CLIENT");
            kill.arg(&["KILL", "TYPE", "normal", "SKIPME", "yes"]);
            let _: i64 = kill.query_async(&mut plain).await.expect("killed");
            sleep(Duration::from_millis(20)).await;
        }
        work.back().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_terminate_backend() {
    under(Kind::Postgres, "pg_terminate_backend", async |own, work| {
        let client = servers::postgres_by_hand(&own.url).await;
        for _ in 0..40 {
            let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE application_name = 'resil'";
            client.query(kill, &[]).await.expect("killed");
            sleep(Duration::from_millis(20)).await;
        }
        work.back().await;
    })
    .await;
}

/// One key through claim, renew and complete, over a line that fails once.
async fn one_key(kind: Kind, url: &str, port: u16, cut: Cut, timeout: Duration) -> usize {
    let proxy = Proxy::start(port, cut).await;
    let there = store(kind, &servers::at_port(url, proxy.port), timeout);
    let (key, token) = (RecordKey::new(rand::random(), "cut"), Token::random());
    let (claim, mut refused) = answered(async || there.claim(&key, &request(token)).await).await;
    let ClaimAnswer::Claimed { fence, taken_over } = claim else {
        panic!("{cut:?}: {claim:?}");
    };
    assert!(!taken_over, "{cut:?}");
    let (renewed, n) = answered(async || there.renew(&key, token, LONG, LONG).await).await;
    assert_eq!(renewed, Ack::Ok, "{cut:?}");
    refused += n;
    let body = recorded(token);
    let (done, n) = answered(async || there.complete(&key, token, &body, LONG).await).await;
    assert_eq!(done, Ack::Ok, "{cut:?}");
    refused += n;
    // The same again by another claim, and a look.
    let rival = request(Token::random());
    let (seen, n) = answered(async || there.claim(&key, &rival).await).await;
    assert_eq!(seen, ClaimAnswer::Done(body.clone()), "{cut:?}");
    let (kept, m) = answered(async || there.lookup(&key).await).await;
    let wanted = Snapshot::Done {
        fence,
        recorded: body,
    };
    assert_eq!(kept, Some(wanted), "{cut:?}: one owner, one fence");
    refused + n + m
}

async fn cuts(kind: Kind, cuts: Vec<Cut>, timeout: Duration) {
    let url = match kind {
        Kind::Redis => servers::redis(),
        Kind::Postgres => servers::postgres(),
    };
    let Some(url) = url else { return };
    let (all, port) = (cuts.len(), servers::port(&url));
    prepare(kind, &url).await;
    // Its scripts are there: what is cut is the same each time.
    one_key(kind, &url, port, Cut::never(), LONG).await;
    let (mut running, mut failed) = (JoinSet::new(), 0);
    for cut in cuts {
        if running.len() >= 8 {
            let refused = running
                .join_next()
                .await
                .expect("one runs")
                .expect("no panic");
            failed += usize::from(refused > 0);
        }
        let url = url.clone();
        running.spawn(async move { one_key(kind, &url, port, cut, timeout).await });
    }
    for refused in running.join_all().await {
        failed += usize::from(refused > 0);
    }
    println!("{kind:?}: {all} lines cut, {failed} of them in a step");
    assert!(failed > 0, "no step was met");
}

fn every(up: (usize, usize), down: (usize, usize), stalls: bool) -> Vec<Cut> {
    let cut = |way, (to, by)| (0..to).step_by(by).map(move |at| Cut { way, at, stalls });
    cut(Way::ToServer, up)
        .chain(cut(Way::ToClient, down))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_cut_at_every_byte() {
    cuts(
        Kind::Redis,
        every((1_300, 9), (400, 3), false),
        Duration::from_secs(2),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_cut_at_every_byte() {
    cuts(
        Kind::Postgres,
        every((9_000, 83), (4_000, 41), false),
        Duration::from_secs(2),
    )
    .await;
}

/// A line that goes dead says nothing, not even that it is closed.
#[tokio::test(flavor = "multi_thread")]
async fn redis_line_goes_dead() {
    cuts(
        Kind::Redis,
        every((1_300, 61), (400, 23), true),
        Duration::from_millis(300),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_line_goes_dead() {
    cuts(
        Kind::Postgres,
        every((9_000, 733), (4_000, 379), true),
        Duration::from_millis(300),
    )
    .await;
}
