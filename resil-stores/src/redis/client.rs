//! The handle of a store in Redis, with its connection and its settings.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::redis::Client;
use ::redis::aio::ConnectionLike;
use resil_runtime::idempotency::store::{RecordKey, StoreResult};
use resil_runtime::rate_limit::store::LimitKey;

use super::answer::Answer;
use super::check;
use super::connection::Link;
use super::fault::error;
use super::script::{Args, Step, micros};

/// A store in Redis or Valkey. Clones share their connection.
#[derive(Clone)]
#[must_use = "a store is of use when it is given to a site"]
pub struct Redis {
    link: Link,
    prefix: Arc<str>,
    timeout: Duration,
    kept: Duration,
}

impl Redis {
    /// Makes a store over a client, whose credentials and TLS are set up already. Connects at the
    /// first step.
    pub fn from_client(client: Client) -> Self {
        Self::over(Link::own(client))
    }

    /// Makes a store over a connection that is made already: a
    /// [`ConnectionManager`](::redis::aio::ConnectionManager), or a connection to a cluster.
    ///
    /// The connection keeps its own timeouts, and connects again by itself or not at all. A plain
    /// `MultiplexedConnection` never connects again.
    pub fn from_connection(
        connection: impl ConnectionLike + Clone + Send + Sync + 'static,
    ) -> Self {
        Self::over(Link::Ready(Arc::new(connection)))
    }

    fn over(link: Link) -> Self {
        Self {
            link,
            prefix: "resil:".into(),
            timeout: Duration::from_secs(2),
            kept: Duration::from_secs(60 * 60),
        }
    }

    /// Sets the prefix of every key of this store. Default `resil:`.
    pub fn prefix(mut self, prefix: impl Into<Arc<str>>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets how long to wait for one answer, or for one try to connect. Default 2 s. A connection
    /// that was given to [`from_connection`](Self::from_connection) keeps its own timeouts.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how long a record's fence is kept after the record has ended. Default one hour.
    pub fn fences_kept(mut self, kept: Duration) -> Self {
        self.kept = kept;
        self
    }

    pub(super) async fn step(
        &self,
        step: &Step,
        key: &RecordKey,
        args: Args<'_>,
    ) -> StoreResult<Answer> {
        let key = format!("{}{}", self.prefix, key.hex());
        let mut all = vec![micros(self.kept)];
        all.extend(args);
        self.run(step, &key, &all).await
    }

    /// Runs the step of a rate limit, whose key has a prefix of its own behind that of the store.
    pub(super) async fn limit_step(
        &self,
        step: &Step,
        key: &LimitKey,
        args: &Args<'_>,
    ) -> StoreResult<Answer> {
        let key = format!("{}rate:{}", self.prefix, key.hex());
        self.run(step, &key, args).await
    }

    async fn run(&self, step: &Step, key: &str, all: &Args<'_>) -> StoreResult<Answer> {
        let mut held = self.link.get(self.timeout).map_err(error)?;
        let answer = step.run(&mut *held.connection, key, all).await;
        Answer::read(self.link.read(held.number, answer).map_err(error)?)
    }

    /// Returns a sentence for each setting of the server that can lose records.
    pub(super) async fn warnings(&self) -> StoreResult<Vec<String>> {
        let mut held = self.link.get(self.timeout).map_err(error)?;
        check::warnings(&self.link, &mut held).await.map_err(error)
    }
}

/// Shows no address and no credentials.
impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("prefix", &self.prefix)
            .field("timeout", &self.timeout)
            .field("fences_kept", &self.kept)
            .finish_non_exhaustive()
    }
}
