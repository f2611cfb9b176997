//! The breakers of the keys under one name, up to a bound.
//!
//! A key that is new when the bound is reached takes the place of an idle breaker: a closed one
//! first, then an open one whose open time is over. *Idle* means that no call and no handle has the
//! breaker, so that nobody is left with a breaker that others do not share. An open one stays until
//! its open time is over, a half-open one for [`open_for`](super::CircuitPolicy::open_for) after
//! its last probe, and one that is held manually for ever. Where no place is free, new keys share
//! one breaker.
//!
//! Locks are held for lookups and moves only: keys are text before the lock is taken, breakers are
//! made before it and dropped after it.

use std::collections::HashMap;
use std::sync::{Arc as Text, PoisonError};

use super::breaker::{BreakerCore, Clock};
use super::identity::OVERFLOW;
use super::key_text::KeyText;
use super::word::State;
use crate::clock;
use crate::sync::{Arc, AtomicUsize, Mutex, MutexGuard, OnceLock, Ordering, broken};

const SHARDS: usize = if cfg!(loom) { 2 } else { 16 };

/// The number of places that a new key looks at after another one has looked at all of them and
/// found none free. New keys go on where the last one stopped, until together they have looked at
/// all places again. Otherwise a flood of keys, all of them open, would cost each call a walk over
/// all places.
const LOOKS: usize = 128;

/// The breakers of the keys under one name.
#[derive(Debug)]
pub(crate) struct Keys {
    base: &'static BreakerCore,
    shards: [Mutex<Shard>; SHARDS],
    /// The shard in which the next search for a free place begins.
    next_shard: AtomicUsize,
    /// The number of new keys that look at [`LOOKS`] places only.
    limited: AtomicUsize,
    /// The number of breakers in all shards, those about to be inserted included.
    live: AtomicUsize,
    /// The breaker that new keys share if no place is free.
    overflow: OnceLock<Arc<BreakerCore>>,
}

#[derive(Debug, Default)]
struct Shard {
    places: HashMap<Text<str>, usize>,
    entries: Vec<Entry>,
    /// Where the next search for a free place begins (the hand of the CLOCK algorithm).
    clock_hand: usize,
}

#[derive(Debug)]
struct Entry {
    key: Text<str>,
    core: Arc<BreakerCore>,
    /// Whether the breaker was asked for since the clock hand last passed. It then gets a second
    /// chance.
    used: bool,
}

impl Keys {
    pub(super) fn new(base: &'static BreakerCore) -> Self {
        Self {
            base,
            shards: Default::default(),
            next_shard: AtomicUsize::new(0),
            limited: AtomicUsize::new(0),
            live: AtomicUsize::new(0),
            overflow: OnceLock::new(),
        }
    }

    /// Returns the breaker of `key`, and makes it if there is none.
    pub(super) fn get(&self, key: &KeyText) -> Arc<BreakerCore> {
        let key = key.as_str();
        let shard = shard_of(key);
        let found = self.lock(shard).find(key);
        let core = found.unwrap_or_else(|| self.make(key, shard));
        // The breaker may have been made before the name had settings.
        core.adopt_of(self.base, clock::now_ms);
        core
    }

    #[cold]
    fn make(&self, key: &str, at: usize) -> Arc<BreakerCore> {
        if !self.make_room() {
            let overflow =
                || Arc::new(BreakerCore::keyed(self.base.shared_name(), OVERFLOW.into()));
            return Arc::clone(self.overflow.get_or_init(overflow));
        }
        let key: Text<str> = key.into();
        let core = Arc::new(BreakerCore::keyed(
            self.base.shared_name(),
            Text::clone(&key),
        ));
        // Before others can find it: a call in between would be let in by the defaults, and come
        // back late.
        core.adopt_of(self.base, clock::now_ms);
        let mut shard = self.lock(at);
        if let Some(other) = shard.find(&key)
            && !broken("insert_in_one")
        {
            // Another call with that key was quicker.
            drop(shard);
            self.live.fetch_sub(1, Ordering::Relaxed);
            return other;
        }
        shard.insert(key, Arc::clone(&core));
        core
    }

    /// Reserves a place, if need be by removing an idle breaker. Returns false if none is free.
    fn make_room(&self) -> bool {
        let most = self.base.settings().rules.max_keys;
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        loop {
            let taken = self
                .live
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |live| {
                    (live < most).then(|| live + 1)
                });
            if taken.is_ok() {
                return true;
            }
            if !self.evict() {
                return false;
            }
            self.live.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Drops an idle breaker: a closed one that nobody asked for lately, else any closed one, else
    /// an open or half-open one of whose state nothing is worth keeping. Returns false if there is
    /// none.
    fn evict(&self) -> bool {
        let now = clock::now_ms();
        let is_closed = |core: &BreakerCore| matches!(core.load().state(), State::Closed { .. });
        let is_over = |core: &BreakerCore| core.is_over(now);
        let one_less = |n: usize| n.checked_sub(1);
        let is_limited = self
            .limited
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
            .is_ok();
        let looks = if is_limited { LOOKS } else { usize::MAX };
        let found = self.evict_if(looks, true, &is_closed)
            || self.evict_if(looks, false, &is_closed)
            || self.evict_if(looks, false, &is_over);
        if !found && !is_limited {
            let rounds = self.live.load(Ordering::Relaxed) / LOOKS;
            self.limited.store(rounds, Ordering::Relaxed);
        }
        found
    }

    /// Drops an idle breaker for which `is_free` returns true. Looks at no more than `looks`
    /// places, each at most once. Returns false if there is none.
    fn evict_if(
        &self,
        looks: usize,
        second_chance: bool,
        is_free: &dyn Fn(&BreakerCore) -> bool,
    ) -> bool {
        let mut looks = looks;
        let first = self.next_shard.load(Ordering::Relaxed);
        for shard in (first..first + SHARDS).map(|i| i % SHARDS) {
            self.next_shard.store(shard, Ordering::Relaxed);
            let evicted = self.lock(shard).evict(&mut looks, second_chance, is_free);
            // The breaker is dropped after the lock was released.
            if evicted.is_some() {
                return true;
            }
            if looks == 0 {
                break;
            }
        }
        false
    }

    /// Makes half-open the breakers whose open time is over. Returns the time in milliseconds at
    /// which the next open time ends.
    pub(super) fn expire(&self, clock: Clock) -> Option<u64> {
        let now = clock();
        let mut next: Option<u64> = None;
        for shard in 0..SHARDS {
            let mut up = Vec::new();
            for entry in &self.lock(shard).entries {
                match entry.core.due(now) {
                    Some(0) => up.push(Arc::clone(&entry.core)),
                    due => next = next.into_iter().chain(due).min(),
                }
            }
            // The change is told after the lock was released.
            for core in up {
                next = next.into_iter().chain(core.expire(clock)).min();
            }
        }
        let overflow = self.overflow.get().and_then(|core| core.expire(clock));
        next.into_iter().chain(overflow).min()
    }

    /// Returns the breakers of all keys, the overflow breaker included.
    pub(super) fn all(&self) -> Vec<Arc<BreakerCore>> {
        let mut all: Vec<Arc<BreakerCore>> = Vec::new();
        for shard in 0..SHARDS {
            let shard = self.lock(shard);
            all.extend(shard.entries.iter().map(|e| Arc::clone(&e.core)));
        }
        all.extend(self.overflow.get().cloned());
        all
    }

    fn lock(&self, shard: usize) -> MutexGuard<'_, Shard> {
        self.shards[shard]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    fn find(&mut self, key: &str) -> Option<Arc<BreakerCore>> {
        let entry = self.entries.get_mut(*self.places.get(key)?)?;
        entry.used = true;
        Some(Arc::clone(&entry.core))
    }

    fn insert(&mut self, key: Text<str>, core: Arc<BreakerCore>) {
        self.places.insert(Text::clone(&key), self.entries.len());
        self.entries.push(Entry {
            key,
            core,
            used: true,
        });
    }

    /// Removes an idle breaker for which `is_free` returns true. With `second_chance`, breakers
    /// that were asked for since the clock hand last passed are spared once. Each look takes one
    /// from `looks`.
    fn evict(
        &mut self,
        looks: &mut usize,
        second_chance: bool,
        is_free: &dyn Fn(&BreakerCore) -> bool,
    ) -> Option<Entry> {
        for _ in 0..self.entries.len().min(*looks) {
            *looks -= 1;
            let at = self.clock_hand % self.entries.len();
            self.clock_hand = at + 1;
            let entry = &mut self.entries[at];
            if second_chance && std::mem::take(&mut entry.used) {
                continue;
            }
            // If `get_mut` succeeds, no call and no handle has the breaker, and a call that comes
            // for it has to wait for the lock. What others did to the breaker is then visible here.
            let is_ours = broken("evict_idle") || Arc::get_mut(&mut entry.core).is_some();
            if is_ours && is_free(&entry.core) {
                return Some(self.remove(at));
            }
        }
        None
    }

    fn remove(&mut self, at: usize) -> Entry {
        let entry = self.entries.swap_remove(at);
        self.places.remove(&entry.key);
        if let Some(moved) = self.entries.get(at) {
            self.places.insert(Text::clone(&moved.key), at);
        }
        entry
    }
}

/// Returns the shard of `key` (FNV-1a). It only has to spread: an attacker who aims at one shard
/// gains nothing but its lock. The maps themselves are hashed with std's `SipHash`.
fn shard_of(key: &str) -> usize {
    let fold = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    let hash = key.as_bytes().iter().fold(0x811c_9dc5, fold);
    (hash ^ hash >> 15) as usize % SHARDS
}

#[cfg(test)]
mod tests;
