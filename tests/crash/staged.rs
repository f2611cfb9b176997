//! A store that comes to a halt at one point of the protocol.
//!
//! It says so in a line and then waits for a line: the whole process stands still, but for the
//! threads of the store beneath, which go on with what was sent.

use std::io::{BufRead, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use resil::idempotency::Store;
use resil::idempotency::store::{
    Ack, BoxFuture, ByHand, ClaimAnswer, ClaimRequest, RecordKey, Recorded, Resolution, Snapshot,
    StoreResult, Token,
};

use crate::ledger::Ledger;

/// Where a worker can be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Point {
    BeforeClaim,
    ClaimSent,
    ClaimAcknowledged,
    BodyStarted,
    EffectMade,
    Encoded,
    CompleteSent,
    CompleteAcknowledged,
    BeforeRelease,
    ReleaseSent,
    ReleaseAcknowledged,
    /// Nowhere: it runs to its end.
    Never,
}

impl Point {
    pub(crate) const ALL: [Self; 12] = [
        Self::BeforeClaim,
        Self::ClaimSent,
        Self::ClaimAcknowledged,
        Self::BodyStarted,
        Self::EffectMade,
        Self::Encoded,
        Self::CompleteSent,
        Self::CompleteAcknowledged,
        Self::BeforeRelease,
        Self::ReleaseSent,
        Self::ReleaseAcknowledged,
        Self::Never,
    ];

    pub(crate) fn name(self) -> String {
        format!("{self:?}")
    }

    pub(crate) fn parse(name: &str) -> Self {
        let named = Self::ALL.into_iter().find(|point| point.name() == name);
        named.expect("the name of a point")
    }

    /// Whether the body has to end with an error, which frees the key.
    pub(crate) fn releases(self) -> bool {
        matches!(
            self,
            Self::BeforeRelease | Self::ReleaseSent | Self::ReleaseAcknowledged
        )
    }
}

/// Where this process comes to a halt, once.
pub(crate) struct Halt {
    at: Point,
    armed: AtomicBool,
}

impl Halt {
    pub(crate) fn new(at: Point) -> Self {
        let armed = AtomicBool::new(true);
        Self { at, armed }
    }

    /// Whether it is yet to be reached.
    pub(crate) fn is_armed(&self) -> bool {
        self.armed.load(SeqCst)
    }

    /// Says that the point is reached and waits there, if it is the one.
    pub(crate) fn reach(&self, point: Point) {
        if point == self.at && self.armed.swap(false, SeqCst) {
            say(&format!("at {}", point.name()));
            let mut line = String::new();
            let read = std::io::stdin().lock().read_line(&mut line);
            // The parent has gone without a word: nobody would ever kill this one.
            if !read.is_ok_and(|n| n > 0) {
                std::process::exit(3);
            }
        }
    }
}

/// A line for the parent. On a line of its own: the test harness writes there, too.
pub(crate) fn say(what: &str) {
    let mut out = std::io::stdout().lock();
    let _ = write!(out, "\n@{what}\n");
    let _ = out.flush();
}

/// See the module.
pub(crate) struct Staged {
    inner: Arc<dyn Store>,
    halt: Arc<Halt>,
    ledger: Arc<Ledger>,
    running: Arc<AtomicUsize>,
}

impl Staged {
    pub(crate) fn new(inner: Arc<dyn Store>, halt: Arc<Halt>, ledger: Arc<Ledger>) -> Self {
        Self {
            inner,
            halt,
            ledger,
            running: Arc::default(),
        }
    }

    /// How many steps have no answer yet.
    pub(crate) fn running(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.running)
    }

    /// The step, with a halt before it, while it is under way, and after its answer. In a task of
    /// its own, so that it is answered whether or not somebody still waits.
    async fn step<A: Send + 'static>(
        &self,
        [before, sent, after]: [Point; 3],
        step: impl Future<Output = StoreResult<A>> + Send + 'static,
    ) -> StoreResult<A> {
        self.halt.reach(before);
        self.running.fetch_add(1, SeqCst);
        let running = Arc::clone(&self.running);
        let step = tokio::spawn(async move {
            let answer = step.await;
            running.fetch_sub(1, SeqCst);
            answer
        });
        // Its first poll, which sends it.
        tokio::task::yield_now().await;
        self.halt.reach(sent);
        let answer = step.await.expect("a step that does not panic");
        self.halt.reach(after);
        answer
    }
}

impl Store for Staged {
    fn describe(&self) -> &str {
        self.inner.describe()
    }

    fn outlives_process(&self) -> bool {
        self.inner.outlives_process()
    }

    fn claim<'a>(
        &'a self,
        key: &'a RecordKey,
        request: &'a ClaimRequest,
    ) -> BoxFuture<'a, StoreResult<ClaimAnswer>> {
        let (inner, key, request) = (Arc::clone(&self.inner), *key, *request);
        Box::pin(self.step(
            [
                Point::BeforeClaim,
                Point::ClaimSent,
                Point::ClaimAcknowledged,
            ],
            async move { inner.claim(&key, &request).await },
        ))
    }

    fn renew<'a>(
        &'a self,
        key: &'a RecordKey,
        token: Token,
        lease: Duration,
        ttl: Duration,
    ) -> BoxFuture<'a, StoreResult<Ack>> {
        self.inner.renew(key, token, lease, ttl)
    }

    fn complete<'a>(
        &'a self,
        key: &'a RecordKey,
        token: Token,
        recorded: &'a Recorded,
        ttl: Duration,
    ) -> BoxFuture<'a, StoreResult<Ack>> {
        let (inner, key, recorded) = (Arc::clone(&self.inner), *key, recorded.clone());
        let ledger = Arc::clone(&self.ledger);
        Box::pin(self.step(
            [
                Point::Encoded,
                Point::CompleteSent,
                Point::CompleteAcknowledged,
            ],
            async move {
                let answer = inner.complete(&key, token, &recorded, ttl).await;
                let word = match &answer {
                    Ok(Ack::Ok | Ack::NoRoom) => "recorded",
                    Ok(Ack::LeaseLost) => "refused",
                    Err(_) => "unknown",
                };
                ledger.write(word, &String::from_utf8_lossy(&recorded.body));
                answer
            },
        ))
    }

    fn release<'a>(&'a self, key: &'a RecordKey, token: Token) -> BoxFuture<'a, StoreResult<Ack>> {
        let (inner, key) = (Arc::clone(&self.inner), *key);
        Box::pin(self.step(
            [
                Point::BeforeRelease,
                Point::ReleaseSent,
                Point::ReleaseAcknowledged,
            ],
            async move { inner.release(&key, token).await },
        ))
    }

    fn abandon<'a>(&'a self, key: &'a RecordKey, token: Token) -> BoxFuture<'a, StoreResult<Ack>> {
        self.inner.abandon(key, token)
    }

    fn lookup<'a>(&'a self, key: &'a RecordKey) -> BoxFuture<'a, StoreResult<Option<Snapshot>>> {
        self.inner.lookup(key)
    }

    fn resolve<'a>(
        &'a self,
        key: &'a RecordKey,
        resolution: &'a Resolution,
    ) -> BoxFuture<'a, StoreResult<ByHand>> {
        self.inner.resolve(key, resolution)
    }

    fn forget<'a>(&'a self, key: &'a RecordKey) -> BoxFuture<'a, StoreResult<ByHand>> {
        self.inner.forget(key)
    }
}
