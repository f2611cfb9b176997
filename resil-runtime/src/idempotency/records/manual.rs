//! The steps that are taken on a record by hand: lookup, resolve, forget.

use std::sync::Arc;

use super::{Key, Recorded, Records, Room};
use crate::clock::{self, Instant};
use crate::idempotency::store::{ByHand, Resolution, Snapshot};

impl Records {
    /// Returns all keys that have a record.
    pub(in crate::idempotency) fn keys(&self) -> impl Iterator<Item = &Arc<Key>> {
        self.by_key.keys()
    }

    /// Returns the state of the key; `None` if there is no record or it is expired.
    pub(in crate::idempotency) fn lookup(&self, key: &Arc<Key>, now: Instant) -> Option<Snapshot> {
        let record = self.by_key.get(key).filter(|r| !r.expired(now))?;
        let fence = record.fence;
        Some(match &record.done {
            Some(recorded) => Snapshot::Done {
                fence,
                recorded: Recorded::clone(recorded),
            },
            None => Snapshot::Pending {
                fence,
                left: record.live(now).then(|| record.left(now)),
            },
        })
    }

    /// Ends a dead claim by hand. `room` is the share that the bytes of its result take.
    pub(in crate::idempotency) fn resolve(
        &mut self,
        key: &Arc<Key>,
        resolution: &Resolution,
        room: Option<Room>,
        now: Instant,
    ) -> ByHand {
        let fence = self.next();
        let Some(record) = self.by_key.get_mut(key).filter(|r| !r.expired(now)) else {
            return ByHand::Absent;
        };
        if record.live(now) {
            return ByHand::Busy {
                left: record.left(now),
            };
        }
        let by = match resolution {
            Resolution::Done { token, .. } => Some(u128::from_be_bytes(*token.as_bytes())),
            Resolution::Free => None,
        };
        if record.done.is_some() {
            // The same resolution may be sent again, after a lost answer.
            let again = by == Some(record.token);
            return if again { ByHand::Changed } else { ByHand::Done };
        }
        match (resolution, by) {
            (Resolution::Done { recorded, ttl, .. }, Some(token)) => {
                record.token = token;
                record.fence = fence;
                record.done = Some(Arc::new(recorded.clone()));
                record.expiry = clock::add(now, *ttl);
                if let Some(room) = room {
                    record.room.absorb(room);
                }
                self.settle(key);
            }
            _ => self.remove(key),
        }
        ByHand::Changed
    }

    /// Removes a record that is done or dead.
    pub(in crate::idempotency) fn forget(&mut self, key: &Arc<Key>, now: Instant) -> ByHand {
        match self.by_key.get(key).filter(|r| !r.expired(now)) {
            None => ByHand::Absent,
            Some(record) if record.live(now) => ByHand::Busy {
                left: record.left(now),
            },
            Some(_) => {
                self.remove(key);
                ByHand::Changed
            }
        }
    }
}
