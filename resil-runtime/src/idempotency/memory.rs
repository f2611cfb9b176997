//! The store in memory: sharded, bounded by entries and bytes, never yielding.
//!
//! An expired record is removed when its key is claimed, or when a bound is reached. No task sweeps
//! the store: it is a static, and outlives the runtime that such a task would live in.

use std::sync::{Arc, OnceLock, PoisonError};
use std::time::Duration;

use super::capacity::{Capacity, Room};
use super::key::{Fingerprint, Key, KeyRef};
use super::records::{Answer, LeaseLost, Records, Request, Token};
use super::store::{ByHand, Outcome, Recorded, Resolution, Snapshot};
use super::tell::tell;
use super::waiters::WaiterQueues;
use crate::clock::{self, Instant};
use crate::event::idempotency::IdempotencyEvent;
use crate::sync::{Mutex, MutexGuard};

/// The bytes that a record is counted with, beside its key, fingerprint and result. They stand for
/// the record itself (160 bytes), the header of the key, and the entries in three maps, which are
/// not always full.
const RECORD: usize = 456;

/// The most shards of a store. Small stores have fewer, down to one, where "oldest first" is exact.
const SHARDS: usize = 16;

/// The bounds of the store in memory.
///
/// When a bound is reached, expired records are removed first, and then the oldest results of the
/// shard that the new key belongs to. Claims in progress are never removed: calls on a store that
/// is full of them are refused with [`Full`](super::IdempotencyError::Full).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "pass it to `memory_limits`"]
pub struct MemoryLimits {
    entries: usize,
    bytes: usize,
    max_result: usize,
}

impl MemoryLimits {
    /// Makes the default bounds: 100,000 entries, 64 MiB, 256 KiB for one result.
    pub const fn new() -> Self {
        Self {
            entries: 100_000,
            bytes: 64 * 1024 * 1024,
            max_result: 256 * 1024,
        }
    }

    /// Sets the most keys that are kept, done and in progress. Default 100,000.
    pub const fn entries(mut self, entries: usize) -> Self {
        self.entries = entries;
        self
    }

    /// Sets the most bytes of keys and results, with about 450 bytes counted for each record.
    /// Default 64 MiB.
    pub const fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// Sets the most bytes of one encoded result. Default 256 KiB.
    ///
    /// A larger result is not recorded. Its caller gets it; replays of its key get
    /// [`NotStored`](super::IdempotencyError::NotStored).
    pub const fn max_result(mut self, max_result: usize) -> Self {
        self.max_result = max_result;
        self
    }
}

impl Default for MemoryLimits {
    fn default() -> Self {
        Self::new()
    }
}

/// The error of [`memory_limits`]: the store in memory is in use already, and its limits can't be
/// changed any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the idempotency store is in use already; set its limits once, before the first call")]
#[non_exhaustive]
pub struct LimitsInUse;

static GLOBAL: OnceLock<MemoryStore> = OnceLock::new();

/// Sets the limits of the process' store in memory. To be called once, before the first call.
///
/// # Errors
///
/// [`LimitsInUse`] if they were set before, or a call has used the store with the defaults.
pub fn memory_limits(limits: MemoryLimits) -> Result<(), LimitsInUse> {
    let mut fresh = false;
    GLOBAL.get_or_init(|| {
        fresh = true;
        MemoryStore::new(limits)
    });
    if fresh { Ok(()) } else { Err(LimitsInUse) }
}

/// Returns the process' store in memory. If no limits were set, it gets the defaults now, for good.
pub fn global() -> &'static MemoryStore {
    GLOBAL.get_or_init(|| MemoryStore::new(MemoryLimits::new()))
}

/// The store in memory, with one method for each step of the protocol.
pub struct MemoryStore {
    shards: Box<[Mutex<Records>]>,
    capacity: Arc<Capacity>,
    max_result: usize,
    /// The waiters of this process. They are no part of the protocol.
    pub waiters: WaiterQueues,
    #[cfg(any(test, feature = "test-util"))]
    ahead: std::sync::atomic::AtomicU64,
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl MemoryStore {
    pub(super) fn new(limits: MemoryLimits) -> Self {
        let shards = (limits.entries / 1024).clamp(1, SHARDS);
        Self {
            shards: (0..shards).map(|_| Mutex::new(Records::new())).collect(),
            capacity: Arc::new(Capacity::new(limits.entries, limits.bytes)),
            max_result: limits.max_result,
            waiters: WaiterQueues::new(),
            #[cfg(any(test, feature = "test-util"))]
            ahead: std::sync::atomic::AtomicU64::new(0),
        }
    }

    /// Returns the most bytes that one encoded result may have.
    pub fn max_result(&self) -> usize {
        self.max_result
    }

    /// Returns the time by the store's own clock.
    #[cfg_attr(
        not(any(test, feature = "test-util")),
        expect(clippy::unused_self, reason = "tests move it")
    )]
    pub(super) fn now(&self) -> Instant {
        let now = clock::now();
        #[cfg(any(test, feature = "test-util"))]
        let now = {
            let ahead = self.ahead.load(std::sync::atomic::Ordering::Relaxed);
            clock::add(now, Duration::from_millis(ahead))
        };
        now
    }

    /// Moves the store's clock on by `by`. The clock of its callers stays.
    #[cfg(any(test, feature = "test-util"))]
    pub(super) fn jump(&self, by: Duration) {
        let ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.ahead
            .fetch_add(ms, std::sync::atomic::Ordering::Relaxed);
    }

    fn shard(&self, key: &Key) -> MutexGuard<'_, Records> {
        lock(&self.shards[key.shard(self.shards.len())])
    }

    /// Returns the outcome of a key that is done. `None` if the key has to be claimed to know more.
    pub(super) fn find_done(
        &self,
        key: &KeyRef<'_>,
        fingerprint: Option<&Fingerprint>,
    ) -> Option<Arc<Recorded>> {
        let now = self.now();
        let shard = lock(&self.shards[key.shard(self.shards.len())]);
        shard.find_done(key, fingerprint, now)
    }

    /// Claims `key`. `None` if the store is full.
    pub(super) fn claim(&self, key: &Arc<Key>, request: &Request) -> Option<Answer> {
        self.claim_at(self.now(), key, request)
    }

    /// Claims `key` at the time `now`, as [`claim`](Self::claim) does.
    pub(super) fn claim_at(
        &self,
        now: Instant,
        key: &Arc<Key>,
        request: &Request,
    ) -> Option<Answer> {
        let bytes = RECORD + key.len() + request.fingerprint.as_ref().map_or(0, Fingerprint::len);
        let answer = self
            .shard(key)
            .claim(key, request, now, || Room::take(&self.capacity, 1, bytes));
        if answer != Answer::NoRoom {
            return Some(answer);
        }
        // The shard is unlocked while room is made, as the record to evict may be in another shard.
        let room = self.make_room(1, bytes, key, now)?;
        Some(self.shard(key).claim(key, request, now, || Some(room)))
    }

    pub(super) fn renew(
        &self,
        key: &Arc<Key>,
        token: Token,
        spans: (Duration, Duration),
    ) -> Result<Instant, LeaseLost> {
        self.shard(key).renew(key, token, spans, self.now())
    }

    /// Records an outcome. Returns `false` if there was no room for its bytes, and it was recorded
    /// as not stored.
    pub(super) fn complete(
        &self,
        key: &Arc<Key>,
        token: Token,
        recorded: Recorded,
        ttl: Duration,
    ) -> Result<bool, LeaseLost> {
        let now = self.now();
        let wanted = recorded.outcome;
        let (recorded, room) = self.fit(key, recorded, now);
        let fits = recorded.outcome == wanted;
        self.shard(key)
            .complete(key, token, recorded, room, (ttl, now))?;
        Ok(fits)
    }

    /// Makes room for the bytes of `recorded`, and returns it with the room. If there is none, or
    /// the result is too large, returns a `NotStored` in its place.
    fn fit(&self, key: &Arc<Key>, recorded: Recorded, now: Instant) -> (Recorded, Option<Room>) {
        let bytes = recorded.body.len();
        if recorded.outcome == Outcome::NotStored {
            return (recorded, None);
        }
        if bytes <= self.max_result
            && let Some(room) = self.make_room(0, bytes, key, now)
        {
            return (recorded, Some(room));
        }
        let Recorded { codec, version, .. } = recorded;
        (Recorded::not_stored(codec, version), None)
    }

    /// Returns the keys that belong to `name` and have these parts, whatever the type of their
    /// result.
    pub fn find(&self, name: &str, parts: &[u8]) -> Vec<Arc<Key>> {
        let mut found = Vec::new();
        for shard in &self.shards {
            found.extend(lock(shard).keys().filter(|k| k.is_of(name, parts)).cloned());
        }
        found
    }

    pub(super) fn lookup(&self, key: &Arc<Key>) -> Option<Snapshot> {
        self.shard(key).lookup(key, self.now())
    }

    /// Ends a dead claim by hand.
    pub fn resolve(&self, key: &Arc<Key>, resolution: &Resolution) -> ByHand {
        let now = self.now();
        let Resolution::Done {
            token,
            recorded,
            ttl,
        } = resolution
        else {
            return self.shard(key).resolve(key, resolution, None, now);
        };
        let (recorded, room) = self.fit(key, recorded.clone(), now);
        let resolution = Resolution::Done {
            token: *token,
            recorded,
            ttl: *ttl,
        };
        self.shard(key).resolve(key, &resolution, room, now)
    }

    /// Removes a record that is done or dead.
    pub fn forget(&self, key: &Arc<Key>) -> ByHand {
        self.shard(key).forget(key, self.now())
    }

    pub(super) fn release(&self, key: &Arc<Key>, token: Token) -> Result<(), LeaseLost> {
        self.shard(key).release(key, token)
    }

    pub(super) fn abandon(&self, key: &Arc<Key>, token: Token) -> Result<(), LeaseLost> {
        self.shard(key).abandon(key, token, self.now())
    }

    /// Evicts records until there is room, first in the key's own shard; `None` if no record can be
    /// evicted. One shard is locked at a time.
    fn make_room(
        &self,
        entries: usize,
        bytes: usize,
        key: &Arc<Key>,
        now: Instant,
    ) -> Option<Room> {
        // A record that can never fit must not empty the store first.
        if entries > self.capacity.max_entries() || bytes > self.capacity.max_bytes() {
            return None;
        }
        let own = key.shard(self.shards.len());
        loop {
            if let Some(room) = Room::take(&self.capacity, entries, bytes) {
                return Some(room);
            }
            let (one, live) = (0..self.shards.len())
                .find_map(|i| lock(&self.shards[(own + i) % self.shards.len()]).evict(now, key))?;
            if live {
                tell(one.name(), IdempotencyEvent::Evicted, one.shown(), || None);
            }
        }
    }

    #[cfg(any(test, loom))]
    pub(super) fn held(&self) -> (usize, usize) {
        let held = self.capacity.held();
        let records: usize = self.shards.iter().map(|s| lock(s).len()).sum();
        assert_eq!(records, held.0);
        held
    }
}

/// Locks a shard. No user code runs under these locks, so a panic under one leaves nothing half
/// done.
fn lock(shard: &Mutex<Records>) -> MutexGuard<'_, Records> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
