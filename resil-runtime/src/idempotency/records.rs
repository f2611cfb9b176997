//! The records of one shard and the transitions between their states: the table of the protocol.
//! Callers hand in the time, and hold the lock.
//!
//! ```text
//! absent/expired   --claim(tok, fp)--> Pending(tok, fence+1)   Claimed(fence)
//! Pending, Done    --claim, other fp--> unchanged              KeyReused
//! Pending(tok)     --claim(tok) again--> unchanged             Claimed(same fence)
//! Pending, live    --claim--> unchanged                        Busy(left)
//! Pending, dead    --claim--> Pending(tok', fence+1) Claimed, or unchanged, Indeterminate
//! Done             --claim--> unchanged                        Done(outcome)
//! Pending(tok)     --renew(tok)--> lease moved on              else LeaseLost
//! Pending(tok)     --complete(tok)--> Done                     Done(tok): Ok again; else LeaseLost
//! Pending(tok)     --release(tok)--> absent
//! Pending(tok)     --abandon(tok)--> lease ends now
//! dead             --resolve--> absent, or Done
//! dead, Done       --forget--> absent
//! ```

mod manual;

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasherDefault;
use std::sync::Arc;
use std::time::Duration;

use super::capacity::Room;
use super::key::{Fingerprint, Key};
use super::lookup::{KeyHasher, Lookup};
use super::store::{OnAbandon, Recorded};
use crate::clock::{self, Instant};

/// Identifies a claim: random, made by the caller before the claim goes out.
pub(super) type Token = u128;

/// A claim on a key.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) token: Token,
    pub(super) fingerprint: Option<Fingerprint>,
    pub(super) lease: Duration,
    pub(super) ttl: Duration,
    pub(super) on_abandon: OnAbandon,
}

/// The answer to a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// The key is the caller's until `lease_end`. `taken_over` if its last owner had vanished.
    Claimed {
        fence: u64,
        lease_end: Instant,
        taken_over: bool,
    },
    /// Another owner has the key. Its lease ends at `lease_end`, unless it is renewed.
    Busy {
        lease_end: Instant,
    },
    /// The key is done, with this outcome.
    Done(Arc<Recorded>),
    KeyReused,
    Indeterminate,
    /// The key needs a new record, and there was no room for it.
    NoRoom,
}

/// The token does not belong to the key's owner, or no longer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LeaseLost;

struct Record {
    token: Token,
    fence: u64,
    fingerprint: Option<Fingerprint>,
    on_abandon: OnAbandon,
    lease_end: Instant,
    /// Whether the owner has abandoned the claim. `lease_end` does not show that reliably: the
    /// clock of another runtime may lag behind the clock by which the owner ended its lease.
    abandoned: bool,
    expiry: Instant,
    // Shared with the calls that replay it, of which each holds no more than a pointer.
    done: Option<Arc<Recorded>>,
    /// The place of the record in `by_end`. Its number is the place in `done` too.
    place: (Instant, u64),
    /// The record's share of the store's capacity, given back when the record is removed.
    room: Room,
}

impl Record {
    /// Returns the time from which the record may be evicted before any result that is replayed.
    fn end(&self) -> Instant {
        match (&self.done, self.on_abandon) {
            (Some(_), _) => self.expiry,
            (None, OnAbandon::Retry) => self.lease_end,
            (None, OnAbandon::Indeterminate) => self.expiry.max(self.lease_end),
        }
    }

    /// Returns whether a call with this fingerprint is another request. Where one side has none
    /// there is nothing to compare.
    fn differs(&self, fingerprint: Option<&Fingerprint>) -> bool {
        matches!((fingerprint, &self.fingerprint), (Some(a), Some(b)) if a != b)
    }

    fn live(&self, now: Instant) -> bool {
        self.done.is_none() && !self.abandoned && now < self.lease_end
    }

    fn left(&self, now: Instant) -> Duration {
        self.lease_end.saturating_duration_since(now)
    }

    fn expired(&self, now: Instant) -> bool {
        now >= self.expiry && !self.live(now)
    }
}

/// One shard.
pub(super) struct Records {
    by_key: HashMap<Arc<Key>, Record, BuildHasherDefault<KeyHasher>>,
    /// All records by their [end](Record::end): those past it are evicted first.
    by_end: BTreeMap<(Instant, u64), Arc<Key>>,
    /// The records that are done, the oldest first: evicted when no record has ended.
    done: BTreeMap<u64, Arc<Key>>,
    /// The last number that was given out, for a fence or for a place in `by_end` and `done`. One
    /// counter serves the whole shard, so that fences rise across the deletion of a record too.
    last: u64,
}

impl Records {
    pub(super) fn new() -> Self {
        Self {
            by_key: HashMap::default(),
            by_end: BTreeMap::new(),
            done: BTreeMap::new(),
            last: 0,
        }
    }

    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Returns the outcome that a [`claim`](Self::claim) of `key` would answer with, if it would:
    /// the key is done, and `fingerprint` is no other than its own.
    pub(super) fn find_done(
        &self,
        key: &dyn Lookup,
        fingerprint: Option<&Fingerprint>,
        now: Instant,
    ) -> Option<Arc<Recorded>> {
        let record = self.by_key.get(key)?;
        let recorded = record.done.as_ref()?;
        if now >= record.expiry || record.differs(fingerprint) {
            return None;
        }
        Some(Arc::clone(recorded))
    }

    /// Claims `key`. `room` is asked for only if the key needs a new record.
    pub(super) fn claim(
        &mut self,
        key: &Arc<Key>,
        request: &Request,
        now: Instant,
        room: impl FnOnce() -> Option<Room>,
    ) -> Answer {
        if self.by_key.get(key).is_some_and(|r| r.expired(now)) {
            self.remove(key);
        }
        let lease_end = clock::add(now, request.lease);
        let Some(record) = self.by_key.get_mut(key) else {
            let Some(room) = room() else {
                return Answer::NoRoom;
            };
            let fence = self.next();
            let record = Record {
                token: request.token,
                fence,
                fingerprint: request.fingerprint.clone(),
                on_abandon: request.on_abandon,
                lease_end,
                abandoned: false,
                expiry: clock::add(now, request.ttl),
                done: None,
                place: (now, 0),
                room,
            };
            self.by_key.insert(Arc::clone(key), record);
            self.settle(key);
            return Answer::Claimed {
                fence,
                lease_end,
                taken_over: false,
            };
        };
        if record.differs(request.fingerprint.as_ref()) {
            return Answer::KeyReused;
        }
        if let Some(recorded) = &record.done {
            return Answer::Done(Arc::clone(recorded));
        }
        if record.token == request.token {
            // The claim is sent again, as its answer was lost.
            return Answer::Claimed {
                fence: record.fence,
                lease_end: record.lease_end,
                taken_over: false,
            };
        }
        if record.live(now) {
            return Answer::Busy {
                lease_end: record.lease_end,
            };
        }
        // Two functions that share a `name` may differ in this: the stricter one holds.
        if [record.on_abandon, request.on_abandon].contains(&OnAbandon::Indeterminate) {
            return Answer::Indeterminate;
        }
        self.last += 1;
        record.fence = self.last;
        record.token = request.token;
        if request.fingerprint.is_some() {
            record.fingerprint.clone_from(&request.fingerprint);
        }
        record.lease_end = lease_end;
        record.abandoned = false;
        record.expiry = clock::add(now, request.ttl);
        let fence = record.fence;
        self.settle(key);
        Answer::Claimed {
            fence,
            lease_end,
            taken_over: true,
        }
    }

    /// Moves the end of the lease to `lease` from `now`, and the expiry to `ttl` from `now`.
    /// Returns the end of the lease.
    pub(super) fn renew(
        &mut self,
        key: &Arc<Key>,
        token: Token,
        (lease, ttl): (Duration, Duration),
        now: Instant,
    ) -> Result<Instant, LeaseLost> {
        let record = self.pending(key, token)?;
        record.lease_end = clock::add(now, lease);
        record.abandoned = false;
        record.expiry = clock::add(now, ttl);
        let lease_end = record.lease_end;
        self.settle(key);
        Ok(lease_end)
    }

    /// Records the outcome. `room` is the share that its bytes take.
    pub(super) fn complete(
        &mut self,
        key: &Arc<Key>,
        token: Token,
        outcome: Recorded,
        room: Option<Room>,
        (ttl, now): (Duration, Instant),
    ) -> Result<(), LeaseLost> {
        match self.by_key.get_mut(key) {
            Some(r) if r.token == token && r.done.is_some() => return Ok(()),
            Some(r) if r.token == token => {
                r.done = Some(Arc::new(outcome));
                r.expiry = clock::add(now, ttl);
                if let Some(room) = room {
                    r.room.absorb(room);
                }
            }
            _ => return Err(LeaseLost),
        }
        self.settle(key);
        Ok(())
    }

    /// Removes the record: the key is free.
    pub(super) fn release(&mut self, key: &Arc<Key>, token: Token) -> Result<(), LeaseLost> {
        self.pending(key, token)?;
        self.remove(key);
        Ok(())
    }

    /// Ends the lease now; the expiry stays.
    pub(super) fn abandon(
        &mut self,
        key: &Arc<Key>,
        token: Token,
        now: Instant,
    ) -> Result<(), LeaseLost> {
        let record = self.pending(key, token)?;
        record.lease_end = record.lease_end.min(now);
        record.abandoned = true;
        self.settle(key);
        Ok(())
    }

    /// Removes one record to make room: one whose [end](Record::end) has come, or else the oldest
    /// result. Never removes a live claim, nor the record of `keep`.
    ///
    /// Returns the key of the removed record, and whether it was a result that would still have
    /// been replayed; `None` if no record can be removed.
    pub(super) fn evict(&mut self, now: Instant, keep: &Arc<Key>) -> Option<(Arc<Key>, bool)> {
        let ended = self
            .by_end
            .iter()
            .take_while(|((end, _), _)| *end <= now)
            .map(|(_, key)| key)
            .find(|key| *key != keep)
            .cloned();
        let (key, live) = match ended {
            Some(key) => (key, false),
            None => (self.done.values().find(|key| *key != keep)?.clone(), true),
        };
        self.remove(&key);
        Some((key, live))
    }

    /// Returns the record of `key`, if it is pending and `token` is its owner's.
    fn pending(&mut self, key: &Arc<Key>, token: Token) -> Result<&mut Record, LeaseLost> {
        match self.by_key.get_mut(key) {
            Some(r) if r.token == token && r.done.is_none() => Ok(r),
            _ => Err(LeaseLost),
        }
    }

    /// Puts a record that has changed into its place in `by_end` and `done`.
    fn settle(&mut self, key: &Arc<Key>) {
        self.last += 1;
        let Some(record) = self.by_key.get_mut(key) else {
            return;
        };
        self.by_end.remove(&record.place);
        record.place = (record.end(), self.last);
        self.by_end.insert(record.place, Arc::clone(key));
        if record.done.is_some() {
            // A record changes no more once it is done, so this number stands for its age.
            self.done.insert(self.last, Arc::clone(key));
        }
    }

    fn remove(&mut self, key: &Arc<Key>) {
        if let Some(record) = self.by_key.remove(key) {
            self.by_end.remove(&record.place);
            self.done.remove(&record.place.1);
        }
    }

    #[cfg(any(test, loom))]
    pub(super) fn len(&self) -> usize {
        assert_eq!(self.by_key.len(), self.by_end.len());
        assert!(self.done.len() <= self.by_key.len());
        self.by_key.len()
    }
}
