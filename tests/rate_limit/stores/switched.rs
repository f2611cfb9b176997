//! A store in memory, behind a switch, and hosts that share it.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use resil::limits::store::{
    BoxFuture, LimitKey, LimitState, StoreError, StoreErrorKind, StoreResult, TakeAnswer,
    TakeRequest,
};
use resil::limits::{LimitStore, Memory, SharedLimits};
use resil::{Error, rate_limit};
use tokio::time::sleep;

pub(super) const SECOND: Duration = Duration::from_secs(1);

/// How the store behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Well,
    /// It answers after so many milliseconds.
    Slow(u64),
    /// It never answers.
    Silent,
    Broken(StoreErrorKind),
}

/// A store in memory behind a switch. Clones share it.
#[derive(Clone)]
pub(super) struct Switched {
    memory: Memory,
    mode: Arc<Mutex<Mode>>,
    asked: Arc<AtomicU32>,
    pub(super) given_back: Arc<AtomicU32>,
    /// Whether a step takes effect before it gets no answer.
    pub(super) counts_in_vain: Arc<AtomicBool>,
}

impl Switched {
    pub(super) fn new() -> Self {
        Self {
            memory: Memory::new(),
            mode: Arc::new(Mutex::new(Mode::Well)),
            asked: Arc::default(),
            given_back: Arc::default(),
            counts_in_vain: Arc::default(),
        }
    }

    pub(super) fn set(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
    }

    pub(super) fn asked(&self) -> u32 {
        self.asked.swap(0, SeqCst)
    }

    async fn answers(&self) -> StoreResult<()> {
        let mode = *self.mode.lock().unwrap();
        match mode {
            Mode::Well => Ok(()),
            Mode::Slow(ms) => {
                sleep(Duration::from_millis(ms)).await;
                Ok(())
            }
            Mode::Silent => std::future::pending().await,
            Mode::Broken(kind) => Err(StoreError::new("switched", kind, "switched off")),
        }
    }
}

impl LimitStore for Switched {
    fn describe(&self) -> &'static str {
        "switched"
    }

    fn take<'a>(
        &'a self,
        key: &'a LimitKey,
        request: &'a TakeRequest,
    ) -> BoxFuture<'a, StoreResult<TakeAnswer>> {
        Box::pin(async move {
            self.asked.fetch_add(1, SeqCst);
            if self.counts_in_vain.load(SeqCst) {
                self.memory.take(key, request).await?;
            }
            self.answers().await?;
            self.memory.take(key, request).await
        })
    }

    fn give_back<'a>(
        &'a self,
        key: &'a LimitKey,
        turn: LimitState,
        price: u64,
    ) -> BoxFuture<'a, StoreResult<bool>> {
        Box::pin(async move {
            self.answers().await?;
            self.given_back.fetch_add(1, SeqCst);
            self.memory.give_back(key, turn, price).await
        })
    }
}

/// A host: it shares the store with the others, and knows of its outages by itself.
pub(super) struct Host {
    pub(super) limits: SharedLimits,
}

impl Host {
    pub(super) fn over(store: &Switched) -> Self {
        Self {
            limits: SharedLimits::new(store.clone()),
        }
    }

    #[rate_limit(name = "stored", max = 10, per = 1s, burst = 3, store = self.limits)]
    pub(super) async fn call(&self) -> Result<(), Error> {
        Ok(())
    }

    #[rate_limit(name = "stored.open", max = 10, per = 1s, burst = 3, store = self.limits, on_outage = open)]
    pub(super) async fn open(&self) -> Result<(), Error> {
        Ok(())
    }

    #[rate_limit(name = "stored.closed", max = 10, per = 1s, burst = 3, store = self.limits, on_outage = closed)]
    pub(super) async fn closed(&self) -> Result<(), Error> {
        Ok(())
    }

    #[rate_limit(name = "stored.paced", max = 10, per = 1s, burst = 1, wait = 500ms, store = self.limits)]
    pub(super) async fn paced(&self) -> Result<(), Error> {
        Ok(())
    }

    #[rate_limit(name = "stored.keyed", max = 1, per = 1m, key = tenant, cost = cost, burst = 2, store = self.limits)]
    pub(super) async fn keyed(&self, tenant: &str, cost: u32) -> Result<(), Error> {
        Ok(())
    }
}

pub(super) fn retry_after<T: std::fmt::Debug>(out: Result<T, Error>) -> Duration {
    match out {
        Err(Error::RateLimited {
            retry_after: Some(after),
            ..
        }) => after,
        other => panic!("{other:?}"),
    }
}
