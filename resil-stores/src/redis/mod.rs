//! The store in Redis or Valkey: one script a step, on one key, by the server's clock.
//!
//! # A record
//!
//! A hash under the prefix and the 64 hex digits of the key (`resil:3f2a..`): state, token, fence,
//! fingerprint, lease end, expiry, and the outcome when it is done. Look into it with `HGETALL`.
//! One key a step and no other state, so a cluster serves as one server does.
//!
//! # The fence
//!
//! One above the last, or the server's clock in microseconds where that is more. A record that has
//! ended or was removed leaves its fence behind for an hour ([`Redis::fences_kept`]); after that
//! the clock alone keeps the next one above it. So a fence could fall only if the server's clock
//! was set back by more than the time that a key was not used, and more than that hour; the same
//! holds for a replica that takes over with a clock behind by that much.
//!
//! # What Redis keeps
//!
//! What it acknowledged can be lost: at a failover what the replica had not yet got, at a crash
//! what `appendfsync` had not yet written (`everysec`: about two seconds; `always`: nothing), with
//! no append-only file all of it, and with a `maxmemory-policy` other than `noeviction` whatever
//! it threw away. [`Store::check`] tells of the last two. A key that is lost can start again:
//! where that must not be, `on_abandon = indeterminate` needs PostgreSQL or SQLite.

mod answer;
mod check;
mod connection;
mod script;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::redis::aio::ConnectionLike;
use ::redis::{Client, ErrorKind, IntoConnectionInfo, RedisError, ServerErrorKind};

use answer::Answer;
use connection::Link;
use resil_runtime::idempotency::store::{
    Ack, BoxFuture, ByHand, ClaimAnswer, ClaimRequest, RecordKey, Recorded, Resolution, Snapshot,
    Store, StoreError, StoreErrorKind, StoreResult, Token,
};
use script::{Args, Step};

const NAME: &str = "redis";

/// A store in Redis 5 or later, or in Valkey, reached by a URL (`redis://user:password@host:6379/0`,
/// `rediss://` with a TLS feature of the `redis` crate, `unix:///path`) or by what else the `redis`
/// crate takes for one. Connects at the first step.
///
/// ```no_run
/// # fn main() -> Result<(), resil_runtime::idempotency::StoreError> {
/// let store = resil_stores::redis("redis://127.0.0.1:6379/")?;
/// # drop(store);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`StoreErrorKind::Misconfigured`] if the URL is none.
pub fn redis(from: impl IntoConnectionInfo) -> StoreResult<Redis> {
    let client = Client::open(from).map_err(error)?;
    Ok(Redis::from_client(client))
}

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
    /// Over a client that is set up already: its credentials and its TLS are its own.
    pub fn from_client(client: Client) -> Self {
        Self::over(Link::own(client))
    }

    /// Over a connection that is there already: a
    /// [`ConnectionManager`](::redis::aio::ConnectionManager), or one of a cluster. Its timeouts
    /// are its own, and so is how it connects again; a plain `MultiplexedConnection` never does.
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

    /// What every key of this store begins with. Default `resil:`.
    pub fn prefix(mut self, prefix: impl Into<Arc<str>>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How long one answer, or one try to connect, is waited for. Default 2 s. A connection that
    /// is brought along keeps its own timeouts.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long a record's fence is kept after the record has ended. Default one hour.
    pub fn fences_kept(mut self, kept: Duration) -> Self {
        self.kept = kept;
        self
    }

    async fn step(&self, step: &Step, key: &RecordKey, args: Args<'_>) -> StoreResult<Answer> {
        let key = format!("{}{}", self.prefix, key.hex());
        let mut all = vec![micros(self.kept)];
        all.extend(args);
        let mut held = self.link.get(self.timeout).map_err(error)?;
        match step.run(&mut *held.connection, &key, &all).await {
            Ok(value) => Answer::read(value),
            Err(e) => {
                self.link.ended(&held, &e);
                Err(error(e))
            }
        }
    }
}

/// No address and no credentials.
impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("prefix", &self.prefix)
            .field("timeout", &self.timeout)
            .field("fences_kept", &self.kept)
            .finish_non_exhaustive()
    }
}

/// What the driver says, as the trait has it.
fn error(e: RedisError) -> StoreError {
    let code = e.code().unwrap_or_default();
    let kind = match e.kind() {
        ErrorKind::AuthenticationFailed
        | ErrorKind::InvalidClientConfig
        | ErrorKind::Server(ServerErrorKind::NoPerm) => StoreErrorKind::Misconfigured,
        _ if ["NOAUTH", "WRONGPASS", "NOPERM"].contains(&code) => StoreErrorKind::Misconfigured,
        _ if code == "WRONGTYPE" => StoreErrorKind::Corrupt,
        _ => StoreErrorKind::Unavailable,
    };
    // `unknown command 'EVALSHA', with args beginning with: ..` would show key and token.
    let said = e.to_string();
    match said.split_once(", with args") {
        Some((said, _)) => StoreError::new(NAME, StoreErrorKind::Misconfigured, said),
        None => StoreError::new(NAME, kind, e),
    }
}

/// 200 years: with the clock's own microseconds still a whole number that a double holds.
const LONGEST: u128 = 200 * 365 * 24 * 60 * 60 * 1_000_000;

fn micros(span: Duration) -> Cow<'static, [u8]> {
    number(span.as_micros().min(LONGEST))
}

fn number(n: impl fmt::Display) -> Cow<'static, [u8]> {
    n.to_string().into_bytes().into()
}

fn token(token: &Token) -> Cow<'_, [u8]> {
    token.as_bytes().as_slice().into()
}

/// Outcome, body, codec, version.
fn outcome(recorded: &Recorded) -> [Cow<'_, [u8]>; 4] {
    [
        recorded.outcome.as_str().as_bytes().into(),
        recorded.body.as_ref().into(),
        recorded.codec.as_bytes().into(),
        number(recorded.version),
    ]
}

impl Store for Redis {
    fn describe(&self) -> &'static str {
        NAME
    }

    fn outlives_process(&self) -> bool {
        true
    }

    fn check(&self) -> BoxFuture<'_, StoreResult<Vec<String>>> {
        Box::pin(async move {
            let mut held = self.link.get(self.timeout).map_err(error)?;
            check::warnings(&mut *held.connection).await.map_err(|e| {
                self.link.ended(&held, &e);
                error(e)
            })
        })
    }

    fn claim<'a>(
        &'a self,
        key: &'a RecordKey,
        request: &'a ClaimRequest,
    ) -> BoxFuture<'a, StoreResult<ClaimAnswer>> {
        Box::pin(async move {
            let fingerprint = request.fingerprint.as_ref();
            let args = vec![
                token(&request.token),
                fingerprint.map_or(&[][..], |f| f.as_bytes()).into(),
                number(u8::from(request.indeterminate())),
                micros(request.lease),
                micros(request.ttl),
            ];
            self.step(&script::CLAIM, key, args).await?.claim()
        })
    }

    fn renew<'a>(
        &'a self,
        key: &'a RecordKey,
        by: Token,
        lease: Duration,
        ttl: Duration,
    ) -> BoxFuture<'a, StoreResult<Ack>> {
        Box::pin(async move {
            let args = vec![token(&by), micros(lease), micros(ttl)];
            self.step(&script::RENEW, key, args).await?.ack()
        })
    }

    fn complete<'a>(
        &'a self,
        key: &'a RecordKey,
        by: Token,
        recorded: &'a Recorded,
        ttl: Duration,
    ) -> BoxFuture<'a, StoreResult<Ack>> {
        Box::pin(async move {
            let mut args = vec![token(&by), micros(ttl)];
            args.extend(outcome(recorded));
            self.step(&script::COMPLETE, key, args).await?.ack()
        })
    }

    fn release<'a>(&'a self, key: &'a RecordKey, by: Token) -> BoxFuture<'a, StoreResult<Ack>> {
        Box::pin(async move {
            self.step(&script::RELEASE, key, vec![token(&by)])
                .await?
                .ack()
        })
    }

    fn abandon<'a>(&'a self, key: &'a RecordKey, by: Token) -> BoxFuture<'a, StoreResult<Ack>> {
        Box::pin(async move {
            self.step(&script::ABANDON, key, vec![token(&by)])
                .await?
                .ack()
        })
    }

    fn lookup<'a>(&'a self, key: &'a RecordKey) -> BoxFuture<'a, StoreResult<Option<Snapshot>>> {
        Box::pin(async move { self.step(&script::LOOKUP, key, vec![]).await?.snapshot() })
    }

    fn resolve<'a>(
        &'a self,
        key: &'a RecordKey,
        resolution: &'a Resolution,
    ) -> BoxFuture<'a, StoreResult<ByHand>> {
        Box::pin(async move {
            let mut args = Args::new();
            if let Resolution::Done {
                token: by,
                recorded,
                ttl,
            } = resolution
            {
                args.extend([token(by), micros(*ttl)]);
                args.extend(outcome(recorded));
            }
            self.step(&script::RESOLVE, key, args).await?.by_hand()
        })
    }

    fn forget<'a>(&'a self, key: &'a RecordKey) -> BoxFuture<'a, StoreResult<ByHand>> {
        Box::pin(async move { self.step(&script::FORGET, key, vec![]).await?.by_hand() })
    }
}
