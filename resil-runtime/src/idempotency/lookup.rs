//! Looks up keys in the maps of the store: by a key that is on the heap, or by one that is only
//! looked for.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::key::{Key, KeyRef};

/// A key, kept or only looked for. A map of keys is asked with either.
pub(super) trait Lookup {
    fn key(&self) -> KeyRef<'_>;
}

impl Lookup for Key {
    fn key(&self) -> KeyRef<'_> {
        self.looked_for()
    }
}
impl Lookup for KeyRef<'_> {
    fn key(&self) -> KeyRef<'_> {
        *self
    }
}

impl<'k> Borrow<dyn Lookup + 'k> for Arc<Key> {
    fn borrow(&self) -> &(dyn Lookup + 'k) {
        &**self
    }
}

impl PartialEq for dyn Lookup + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.key().is(&other.key())
    }
}
impl Eq for dyn Lookup + '_ {}

impl Hash for dyn Lookup + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.key().hash());
    }
}

/// Takes the hash that a [`Key`] has already: a keyed `SipHash` of all of it.
#[derive(Default)]
pub(super) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("a key has one hash, and writes nothing else");
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
