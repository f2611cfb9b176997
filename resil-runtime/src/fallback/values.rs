//! The last good values of one function by key, up to a bound.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::clock::Instant;

/// The tables of a function: one for each success type of its instances.
#[derive(Default)]
pub(super) struct Tables {
    /// The head of a list that only grows.
    first: OnceLock<Box<Node>>,
}

struct Node {
    table: Box<dyn Any + Send + Sync>,
    next: OnceLock<Box<Self>>,
}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tables")
    }
}

impl Tables {
    pub(super) const fn new() -> Self {
        Self {
            first: OnceLock::new(),
        }
    }

    /// Returns the table of the values of type `T`, and makes it if there is none.
    pub(super) fn of<T: Send + Sync + 'static>(&self) -> &Table<T> {
        let mut place = &self.first;
        loop {
            let node = place.get_or_init(|| {
                Box::new(Node {
                    table: Box::new(Table::<T>::new()),
                    next: OnceLock::new(),
                })
            });
            if let Some(table) = node.table.downcast_ref() {
                return table;
            }
            place = &node.next;
        }
    }
}

/// The last good value of each key. A lock is held for a lookup or a move only: values are cloned
/// before it is taken, and dropped after it was released.
pub(super) struct Table<T>(Mutex<Values<T>>);

struct Values<T> {
    kept: HashMap<Arc<str>, Kept<T>>,
    /// The keys by the numbers of their values, so that the oldest is found.
    by_number: BTreeMap<u64, Arc<str>>,
    next: u64,
}

struct Kept<T> {
    value: Arc<T>,
    /// When it came; `None` where no age is asked for.
    at: Option<Instant>,
    number: u64,
}

impl<T> Table<T> {
    fn new() -> Self {
        Self(Mutex::new(Values {
            kept: HashMap::new(),
            by_number: BTreeMap::new(),
            next: 0,
        }))
    }

    fn lock(&self) -> MutexGuard<'_, Values<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps `value` as the last good one of `key`. A new key takes the place of the one whose value is
    /// the oldest, if there are `most` keys.
    pub(super) fn keep(&self, key: &str, value: T, at: Option<Instant>, most: usize) {
        let replaced = self.lock().keep(key, value, at, most);
        // Dropped with no lock held: it may run the user's code.
        drop(replaced);
    }

    /// Returns the last good value of `key`, and when it came.
    pub(super) fn get(&self, key: &str) -> Option<(Arc<T>, Option<Instant>)> {
        let values = self.lock();
        let kept = values.kept.get(key)?;
        Some((Arc::clone(&kept.value), kept.at))
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        let values = self.lock();
        assert_eq!(values.kept.len(), values.by_number.len());
        values.kept.len()
    }
}

/// A value that was replaced or evicted, to be dropped: it was in the table alone, or somebody may be cloning it.
type Replaced<T> = Result<T, Arc<T>>;

impl<T> Values<T> {
    /// Returns the value that was replaced or evicted.
    fn keep(
        &mut self,
        key: &str,
        value: T,
        at: Option<Instant>,
        most: usize,
    ) -> Option<Replaced<T>> {
        if let Some(kept) = self.kept.get_mut(key) {
            kept.at = at;
            // Allocates only where somebody has the value before it in hand.
            let old = match Arc::get_mut(&mut kept.value) {
                Some(place) => Ok(mem::replace(place, value)),
                None => Err(mem::replace(&mut kept.value, Arc::new(value))),
            };
            // The newest one stays the newest.
            if kept.number + 1 < self.next
                && let Some(key) = self.by_number.remove(&kept.number)
            {
                kept.number = self.next;
                self.by_number.insert(self.next, key);
                self.next += 1;
            }
            return Some(old);
        }
        let evicted = if self.kept.len() < most {
            None
        } else {
            let oldest = self.by_number.pop_first();
            let evicted = oldest.and_then(|(_, key)| self.kept.remove(&key));
            evicted.map(|kept| Err(kept.value))
        };
        let (key, number): (Arc<str>, u64) = (key.into(), self.next);
        self.next += 1;
        self.by_number.insert(number, Arc::clone(&key));
        let value = Arc::new(value);
        self.kept.insert(key, Kept { value, at, number });
        evicted
    }
}
