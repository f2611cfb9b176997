//! The suite: the store under test, the settings, and the keys for the cases.

use std::future::Future;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use resil_runtime::clock;
use resil_runtime::idempotency::store::{RecordKey, Store};
use tokio::task::JoinSet;

type Advance = Arc<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// The suite over one store. [`run`](Self::run) runs it.
#[derive(Clone)]
#[must_use = "a suite does nothing until it is run"]
pub struct Suite {
    pub(super) store: Arc<dyn Store>,
    pub(super) unit: Duration,
    advance: Option<Advance>,
    pub(super) sequences: u32,
    pub(super) steps: u32,
    pub(super) seed: u64,
    at_once: usize,
    keys: Arc<AtomicU64>,
    run: [u8; 16],
}

impl std::fmt::Debug for Suite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Suite")
            .field("store", &self.store.describe())
            .field("unit", &self.unit)
            .field("sequences", &self.sequences)
            .field("steps", &self.steps)
            .field("seed", &self.seed)
            .field("at_once", &self.at_once)
            .finish_non_exhaustive()
    }
}

impl Suite {
    /// Makes the suite over `store` with the defaults: units of 100 ms on tokio's clock, 200
    /// sequences of 40 steps, 32 sequences at once, seed 1.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            unit: Duration::from_millis(100),
            advance: None,
            sequences: 200,
            steps: 40,
            seed: 1,
            at_once: 32,
            keys: Arc::new(AtomicU64::new(0)),
            run: rand::random(),
        }
    }

    /// Sets the shortest time that the suite waits for. No step of the store may take that long,
    /// with [`at_once`](Self::at_once) of them at a time. Default 100 ms.
    pub fn unit(mut self, unit: Duration) -> Self {
        self.unit = unit;
        self
    }

    /// Sets the function that moves the store's clock on, which the suite calls in place of
    /// waiting. Sequences then run one after the other, as they share that clock. By default the
    /// suite waits.
    pub fn advance<F>(mut self, advance: impl Fn(Duration) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.advance = Some(Arc::new(move |by| Box::pin(advance(by))));
        self.at_once = 1;
        self
    }

    /// Sets how many random sequences are compared with the model. Default 200.
    pub fn sequences(mut self, sequences: u32) -> Self {
        self.sequences = sequences;
        self
    }

    /// Sets how many steps a sequence has. Default 40.
    pub fn steps(mut self, steps: u32) -> Self {
        self.steps = steps;
        self
    }

    /// Sets the seed of the first sequence; each further one has the next number. Default 1.
    ///
    /// A failure names the seed of its sequence. Run that sequence alone with
    /// `.seed(seed).sequences(1)`.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets how many sequences, or rounds of a race, run at a time. At least 1; default 32.
    pub fn at_once(mut self, at_once: usize) -> Self {
        self.at_once = at_once.max(1);
        self
    }

    /// Runs `tasks`, [`at_once`](Self::at_once) at a time. The first panic of a task is resumed
    /// here.
    pub(super) async fn all<F>(&self, tasks: impl Iterator<Item = F>)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut running = JoinSet::new();
        for task in tasks {
            if running.len() >= self.at_once {
                joined(running.join_next().await);
            }
            running.spawn(task);
        }
        while let Some(done) = running.join_next().await {
            joined(Some(done));
        }
    }

    /// Returns a key that nobody has used.
    pub(super) fn fresh_key(&self) -> RecordKey {
        let mut hash = [0; 32];
        hash[..16].copy_from_slice(&self.run);
        hash[24..].copy_from_slice(&self.keys.fetch_add(1, Relaxed).to_be_bytes());
        // Brings the counter to the front, as stores may shard by the first bytes.
        hash.rotate_right(8);
        RecordKey::new(hash, "conformance")
    }

    pub(super) async fn wait(&self, units: u32) {
        let by = self.unit * units;
        match &self.advance {
            Some(advance) => advance(by).await,
            None => clock::sleep_until(clock::add(clock::now(), by)).await,
        }
    }
}

fn joined(done: Option<Result<(), tokio::task::JoinError>>) {
    if let Some(Err(e)) = done {
        match e.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(e) => panic!("a sequence was cancelled: {e}"),
        }
    }
}
