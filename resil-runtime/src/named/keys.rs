//! The states of the keys under one name, up to a bound.
//!
//! A key that is new when the bound is reached takes the place of a state that nobody holds and that
//! is at [rest](Rest): a new state would be the same. If there is none, it takes the place of one
//! whose knowledge is of no use any more. *Held* means that a call or a handle has the state: nobody
//! is left with a state that others do not share. Where no place is free, new keys share one state.
//!
//! Locks are held for lookups and moves only: keys are text before the lock is taken, states are made
//! before it and dropped after it.

use std::collections::HashMap;
use std::sync::{Arc as Text, PoisonError};

use super::key_text::KeyText;
use super::{OVERFLOW, Rest, Shared};
use crate::clock;
use crate::sync::{Arc, AtomicUsize, Line, Mutex, MutexGuard, OnceLock, Ordering, broken};

pub(crate) const SHARDS: usize = if cfg!(loom) { 2 } else { 16 };

/// The number of places that a new key looks at after another one has looked at all of them and
/// found none free. New keys go on where the last one stopped, until together they have looked at
/// all places again. Otherwise a flood of keys, all of them busy, would cost each call a walk over
/// all places.
pub(crate) const LOOKS: usize = 128;

/// The states of the keys under one name.
#[derive(Debug)]
pub(crate) struct Keys<T: Shared> {
    base: &'static T,
    /// On lines of their own: two threads that come for keys of two shards write to neither one's line.
    shards: [Line<Mutex<Shard<T>>>; SHARDS],
    /// The shard in which the next search for a free place begins.
    next_shard: AtomicUsize,
    /// The number of new keys that look at [`LOOKS`] places only.
    limited: AtomicUsize,
    /// The number of states in all shards, those about to be inserted included.
    live: AtomicUsize,
    /// The state that new keys share if no place is free.
    overflow: OnceLock<Arc<T>>,
}

#[derive(Debug)]
struct Shard<T> {
    /// By the bytes of the key: to look one up, nobody has to see that they are text.
    places: HashMap<Text<[u8]>, usize>,
    entries: Vec<Entry<T>>,
    /// Where the key was found that was asked for last: to compare it costs less than to hash it.
    latest: usize,
    /// Where the next search for a free place begins (the hand of the CLOCK algorithm).
    clock_hand: usize,
}

#[derive(Debug)]
struct Entry<T> {
    key: Text<str>,
    core: Arc<T>,
    /// Whether the state was asked for since the clock hand last passed. It then gets a second
    /// chance.
    used: bool,
}

impl<T: Shared> Keys<T> {
    pub(crate) fn new(base: &'static T) -> Self {
        Self {
            base,
            shards: Default::default(),
            next_shard: AtomicUsize::new(0),
            limited: AtomicUsize::new(0),
            live: AtomicUsize::new(0),
            overflow: OnceLock::new(),
        }
    }

    /// Returns the state of `key`, and makes it if there is none.
    pub(crate) fn get(&self, key: &KeyText) -> Arc<T> {
        let core = self.find(key.as_bytes());
        self.known(core.unwrap_or_else(|at| self.make(key.as_str(), at)))
    }

    /// Returns the state of `key`, which is no longer than [`KeyText::LONGEST`], and makes it if there is none; `None`
    /// if it is no UTF-8, which need not be looked at where the key is known.
    #[cfg(all(feature = "edge", not(loom)))]
    pub(super) fn get_bytes(&self, key: &[u8]) -> Option<Arc<T>> {
        let core = match self.find(key) {
            Ok(core) => core,
            Err(at) => self.make(str::from_utf8(key).ok()?, at),
        };
        Some(self.known(core))
    }

    /// Returns the state of a key. If there is none, returns the shard in which it would be.
    #[inline]
    fn find(&self, key: &[u8]) -> Result<Arc<T>, usize> {
        let shard = shard_of(key);
        self.lock(shard).find(key).ok_or(shard)
    }

    /// Returns a state, which may have been made before the name had settings.
    #[inline]
    fn known(&self, core: Arc<T>) -> Arc<T> {
        core.adopt_of(self.base);
        core
    }

    #[cold]
    fn make(&self, key: &str, at: usize) -> Arc<T> {
        if !self.make_room() {
            return self.overflow();
        }
        let key: Text<str> = key.into();
        let core = Arc::new(T::keyed(self.base, Text::clone(&key)));
        // Before others can find it: a call in between would be let in by the defaults, and come
        // back late.
        core.adopt_of(self.base);
        let mut shard = self.lock(at);
        if let Some(other) = shard.find(key.as_bytes())
            && !broken("insert_in_one")
        {
            // Another call with that key was quicker.
            drop(shard);
            self.live.fetch_sub(1, Ordering::Relaxed);
            return other;
        }
        // Under the lock: who forces all keys finds this one after it, or has noted that before.
        #[cfg(all(feature = "control", not(loom)))]
        core.begin_forced();
        shard.insert(key, Arc::clone(&core));
        core
    }

    /// Returns the state that new keys share if no place is free, and makes it if there is none.
    fn overflow(&self) -> Arc<T> {
        if let Some(overflow) = self.overflow.get() {
            return Arc::clone(overflow);
        }
        // Under a lock, as in `make`: `pick` takes them all before it looks for this one.
        let _shard = self.lock(0);
        let make = || {
            let core = T::keyed(self.base, OVERFLOW.into());
            #[cfg(all(feature = "control", not(loom)))]
            core.begin_forced();
            Arc::new(core)
        };
        Arc::clone(self.overflow.get_or_init(make))
    }

    /// Reserves a place, if need be by removing a state that nobody holds. Returns false if none is free.
    fn make_room(&self) -> bool {
        let most = self.base.max_keys();
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

    /// Drops a state that nobody holds: one at rest that nobody asked for lately, else any at rest,
    /// else one that is over. Returns false if there is none.
    fn evict(&self) -> bool {
        let now = clock::now_ms();
        let is_at_rest = |core: &T| core.rest(now) == Rest::Idle;
        let is_over = |core: &T| core.rest(now) != Rest::Busy;
        let one_less = |n: usize| n.checked_sub(1);
        let is_limited = self
            .limited
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
            .is_ok();
        let looks = if is_limited { LOOKS } else { usize::MAX };
        let found = self.evict_if(looks, true, &is_at_rest)
            || self.evict_if(looks, false, &is_at_rest)
            || self.evict_if(looks, false, &is_over);
        if !found && !is_limited {
            let rounds = self.live.load(Ordering::Relaxed) / LOOKS;
            self.limited.store(rounds, Ordering::Relaxed);
        }
        found
    }

    /// Drops a state that nobody holds and for which `is_free` returns true. Looks at no more than `looks`
    /// places, each at most once. Returns false if there is none.
    fn evict_if(&self, looks: usize, second_chance: bool, is_free: &dyn Fn(&T) -> bool) -> bool {
        let mut looks = looks;
        let first = self.next_shard.load(Ordering::Relaxed);
        for shard in (first..first + SHARDS).map(|i| i % SHARDS) {
            self.next_shard.store(shard, Ordering::Relaxed);
            let evicted = self.lock(shard).evict(&mut looks, second_chance, is_free);
            // The state is dropped after the lock was released.
            if evicted.is_some() {
                return true;
            }
            if looks == 0 {
                break;
            }
        }
        false
    }

    /// Returns the states for which `wanted` returns true, the overflow state included. `wanted` runs
    /// under the lock of a part of the keys.
    pub(crate) fn pick(&self, mut wanted: impl FnMut(&T) -> bool) -> Vec<Arc<T>> {
        let mut picked = Vec::new();
        for shard in 0..SHARDS {
            let shard = self.lock(shard);
            let found = shard.entries.iter().filter(|e| wanted(&e.core));
            picked.extend(found.map(|e| Arc::clone(&e.core)));
        }
        picked.extend(self.overflow.get().filter(|core| wanted(core)).cloned());
        picked
    }

    /// Returns the states of all keys, the overflow state included.
    pub(crate) fn all(&self) -> Vec<Arc<T>> {
        self.pick(|_| true)
    }

    /// Asserts that the tables agree with each other. Returns the number of states that are counted, and
    /// that of those that have a place.
    #[cfg(test)]
    pub(crate) fn check(&self) -> (usize, usize) {
        let mut held = 0;
        for shard in 0..SHARDS {
            let shard = self.lock(shard);
            held += shard.entries.len();
            assert_eq!(shard.places.len(), shard.entries.len());
            for (at, entry) in shard.entries.iter().enumerate() {
                assert_eq!(shard.places[entry.key.as_bytes()], at);
            }
        }
        (self.live.load(Ordering::SeqCst), held)
    }

    fn lock(&self, shard: usize) -> MutexGuard<'_, Shard<T>> {
        let Line(shard) = &self.shards[shard];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Default for Shard<T> {
    fn default() -> Self {
        Self {
            places: HashMap::new(),
            entries: Vec::new(),
            latest: 0,
            clock_hand: 0,
        }
    }
}

impl<T> Shard<T> {
    fn find(&mut self, key: &[u8]) -> Option<Arc<T>> {
        let is_latest = |entry: &Entry<T>| entry.key.as_bytes() == key;
        if !self.entries.get(self.latest).is_some_and(is_latest) {
            self.latest = *self.places.get(key)?;
        }
        let entry = self.entries.get_mut(self.latest)?;
        // Where it is said already, the line of memory stays as all cores have it.
        if !entry.used {
            entry.used = true;
        }
        Some(Arc::clone(&entry.core))
    }

    fn insert(&mut self, key: Text<str>, core: Arc<T>) {
        self.places.insert(bytes_of(&key), self.entries.len());
        self.entries.push(Entry {
            key,
            core,
            used: true,
        });
    }

    /// Removes a state that nobody holds and for which `is_free` returns true. With `second_chance`,
    /// states that were asked for since the clock hand last passed are spared once. Each look takes one
    /// from `looks`.
    fn evict(
        &mut self,
        looks: &mut usize,
        second_chance: bool,
        is_free: &dyn Fn(&T) -> bool,
    ) -> Option<Entry<T>> {
        for _ in 0..self.entries.len().min(*looks) {
            *looks -= 1;
            let at = self.clock_hand % self.entries.len();
            self.clock_hand = at + 1;
            let entry = &mut self.entries[at];
            if second_chance && std::mem::take(&mut entry.used) {
                continue;
            }
            // If `get_mut` succeeds, no call and no handle has the state, and a call that comes
            // for it has to wait for the lock. What others did to the state is then visible here.
            let is_ours = broken("evict_idle") || Arc::get_mut(&mut entry.core).is_some();
            if is_ours && is_free(&entry.core) {
                return Some(self.remove(at));
            }
        }
        None
    }

    fn remove(&mut self, at: usize) -> Entry<T> {
        let entry = self.entries.swap_remove(at);
        self.places.remove(entry.key.as_bytes());
        if let Some(moved) = self.entries.get(at) {
            self.places.insert(bytes_of(&moved.key), at);
        }
        entry
    }
}

/// Returns the bytes of a key, which are the same as its text in memory.
fn bytes_of(key: &Text<str>) -> Text<[u8]> {
    Text::from(Text::clone(key))
}

/// Returns the shard of `key`. It only has to spread: an attacker who aims at one shard gains nothing but its lock. The
/// maps themselves are hashed with std's `SipHash`.
fn shard_of(key: &[u8]) -> usize {
    let (words, rest) = key.as_chunks();
    let fold = |hash: u64, word: u64| {
        let hash = (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^ hash >> 32
    };
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    let rest = rest
        .iter()
        .fold(0, |word, byte| word << 8 | u64::from(*byte));
    // The high bits of a product depend on all bits of what is multiplied.
    usize::try_from(fold(words.fold(0, fold), rest) >> 60).unwrap_or(0) % SHARDS
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// Asserts that no shard has twice as many of these keys as it would have if all had as many, or half as many.
    fn spread(keys: impl Iterator<Item = String>) {
        let mut in_shard = [0; SHARDS];
        keys.for_each(|key| in_shard[shard_of(key.as_bytes())] += 1);
        let even = in_shard.iter().sum::<usize>() / SHARDS;
        let is_even = |keys: &usize| (even / 2..even * 2).contains(keys);
        assert!(in_shard.iter().all(is_even), "{in_shard:?}");
    }

    #[test]
    fn keys_of_every_length_spread_over_the_shards() {
        spread((0..3_200).map(|n| n.to_string()));
        spread((0..3_200).map(|n| format!("{n:08}")));
        spread((0..3_200).map(|n| format!("{n:08}.example.com:443")));
        spread((0..3_200).map(|n| format!("tenant-{n:04}")));
        spread((0..3_200).map(|n| format!("10.0.{}.{}", n / 256, n % 256)));
        spread((0..3_200).map(|n| format!("8e03978e-40d5-43dd-bc93-{n:012x}")));
    }
}
