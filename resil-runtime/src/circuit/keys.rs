//! One breaker per key under a name, so many at most.
//!
//! A key that is new when the bound is reached takes the place of one that does nothing: an idle
//! closed one first, then an open one whose time is up. *Idle* means that no call and no handle has
//! it: nobody can be left with a breaker that others do not share. An open one stays until its time
//! is up, a half-open one for [`open_for`](super::CircuitPolicy::open_for) after its last probe, one
//! that is held by hand for ever. Where no place is free, newcomers share one breaker.
//!
//! Locks are held for lookups and moves alone: keys are text by then, breakers are made before and
//! dropped after.

use std::collections::HashMap;
use std::sync::{Arc as Text, PoisonError};

use super::key_text::KeyText;
use super::machine::{Clock, Core};
use super::word::State;
use crate::clock;
use crate::registry::OVERFLOW;
use crate::sync::{Arc, AtomicUsize, Mutex, MutexGuard, OnceLock, Ordering, broken};

const SHARDS: usize = if cfg!(loom) { 2 } else { 16 };

/// Once a newcomer has looked at all places and found none to take, the next ones look at so many
/// each, going on where the last one stopped, until they have been round: a flood of keys, all of
/// them open, must not cost each call a walk over all.
const LOOKS: usize = 128;

/// See the module.
#[derive(Debug)]
pub(crate) struct Keys {
    base: &'static Core,
    shards: [Mutex<Shard>; SHARDS],
    /// The shard in which the next look for a free place begins.
    hand: AtomicUsize,
    /// So many newcomers are to look at a few places only.
    dry: AtomicUsize,
    /// How many there are in all shards, or are about to be.
    live: AtomicUsize,
    /// What newcomers share who find no place.
    overflow: OnceLock<Arc<Core>>,
}

#[derive(Debug, Default)]
struct Shard {
    places: HashMap<Text<str>, usize>,
    entries: Vec<Entry>,
    /// Where the next look for a free place begins (the hand of the CLOCK algorithm).
    hand: usize,
}

#[derive(Debug)]
struct Entry {
    key: Text<str>,
    core: Arc<Core>,
    /// Asked for since the hand last passed: gets a second chance.
    used: bool,
}

impl Keys {
    pub(super) fn new(base: &'static Core) -> Self {
        Self {
            base,
            shards: Default::default(),
            hand: AtomicUsize::new(0),
            dry: AtomicUsize::new(0),
            live: AtomicUsize::new(0),
            overflow: OnceLock::new(),
        }
    }

    /// The breaker of that key, made if there is none.
    pub(super) fn get(&self, key: &KeyText) -> Arc<Core> {
        let key = key.as_str();
        let shard = shard_of(key);
        let found = self.lock(shard).find(key);
        let core = found.unwrap_or_else(|| self.make(key, shard));
        // Those that were made before somebody set something.
        core.adopt_of(self.base, clock::now_ms);
        core
    }

    #[cold]
    fn make(&self, key: &str, at: usize) -> Arc<Core> {
        if !self.make_room() {
            let overflow = || Arc::new(Core::keyed(self.base, OVERFLOW.into()));
            return Arc::clone(self.overflow.get_or_init(overflow));
        }
        let key: Text<str> = key.into();
        let core = Arc::new(Core::keyed(self.base, Text::clone(&key)));
        // Before others can find it: a call that came in between would be let in by the defaults, and
        // be late when it comes back.
        core.adopt_of(self.base, clock::now_ms);
        let mut shard = self.lock(at);
        if let Some(other) = shard.find(&key)
            && !broken("insert_in_one")
        {
            // Another newcomer of that key was quicker.
            drop(shard);
            self.live.fetch_sub(1, Ordering::Relaxed);
            return other;
        }
        shard.insert(key, Arc::clone(&core));
        core
    }

    /// Takes one of the places that there are, if need be another one's; false if none is free.
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

    /// Drops one that does nothing: a closed one that nobody asked for lately, or any closed one, or
    /// one whose time is up.
    fn evict(&self) -> bool {
        let now = clock::now_ms();
        let is_closed = |core: &Core| matches!(core.load().state(), State::Closed { .. });
        let is_over = |core: &Core| core.is_over(now);
        let one_less = |dry: usize| dry.checked_sub(1);
        let is_dry = self
            .dry
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
            .is_ok();
        let looks = if is_dry { LOOKS } else { usize::MAX };
        let found = self.evict_if(looks, true, &is_closed)
            || self.evict_if(looks, false, &is_closed)
            || self.evict_if(looks, false, &is_over);
        if !found && !is_dry {
            let rounds = self.live.load(Ordering::Relaxed) / LOOKS;
            self.dry.store(rounds, Ordering::Relaxed);
        }
        found
    }

    /// Looks at so many, each at most once, for one that is free.
    fn evict_if(&self, looks: usize, second_chance: bool, is_free: &dyn Fn(&Core) -> bool) -> bool {
        let mut looks = looks;
        let first = self.hand.load(Ordering::Relaxed);
        for shard in (first..first + SHARDS).map(|i| i % SHARDS) {
            self.hand.store(shard, Ordering::Relaxed);
            let evicted = self.lock(shard).evict(&mut looks, second_chance, is_free);
            // Dropped with the lock given back.
            if evicted.is_some() {
                return true;
            }
            if looks == 0 {
                break;
            }
        }
        false
    }

    /// Makes those half-open whose time is up; gives the time in ms at which that of the next one is.
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
            // Told with the lock given back.
            for core in up {
                next = next.into_iter().chain(core.expire(clock)).min();
            }
        }
        let overflow = self.overflow.get().and_then(|core| core.expire(clock));
        next.into_iter().chain(overflow).min()
    }

    /// All that there are, the shared one included.
    pub(crate) fn all(&self) -> Vec<Arc<Core>> {
        let mut all: Vec<Arc<Core>> = Vec::new();
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
    fn find(&mut self, key: &str) -> Option<Arc<Core>> {
        let entry = self.entries.get_mut(*self.places.get(key)?)?;
        entry.used = true;
        Some(Arc::clone(&entry.core))
    }

    fn insert(&mut self, key: Text<str>, core: Arc<Core>) {
        self.places.insert(Text::clone(&key), self.entries.len());
        self.entries.push(Entry {
            key,
            core,
            used: true,
        });
    }

    /// Takes out one that nobody has and that `is_free`; with a second chance for those that were
    /// asked for since the hand last passed.
    fn evict(
        &mut self,
        looks: &mut usize,
        second_chance: bool,
        is_free: &dyn Fn(&Core) -> bool,
    ) -> Option<Entry> {
        for _ in 0..self.entries.len().min(*looks) {
            *looks -= 1;
            let at = self.hand % self.entries.len();
            self.hand = at + 1;
            let entry = &mut self.entries[at];
            if second_chance && std::mem::take(&mut entry.used) {
                continue;
            }
            // Ours alone: whoever comes for it has to wait for the lock, and what others did to it
            // is seen here.
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

/// Anything that spreads: who aims at one shard gains nothing but its lock. (The maps themselves are
/// hashed with std's `SipHash`, which nobody can aim at.)
fn shard_of(key: &str) -> usize {
    let fold = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    let hash = key.as_bytes().iter().fold(0x811c_9dc5, fold);
    (hash ^ hash >> 15) as usize % SHARDS
}

#[cfg(test)]
mod tests;
