//! Keys and fingerprints, as a call makes them on entry and as the store keeps them.

use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::OnceLock;

use super::encode::is_empty;
use super::instance::Instance;
use super::key_bytes::KeyBytes;
use super::key_part::{KeyPart, encode_part, encode_plain};
use super::store::RecordKey;
use crate::error::idempotency::{Cause, KeyFault};

/// The longest encoded key, in bytes. It is bounded since the store keeps and compares whole keys.
const MAX_KEY: usize = 64 * 1024;

/// The longest fingerprint that is kept as it is, in bytes. Of a longer one 128 bits of keyed
/// hashes are kept.
const MAX_PLAIN_FINGERPRINT: usize = 256;

/// Builds a key from its parts.
///
/// The key is made on entry, before any layer runs. So a fault in it is only kept here; the layer
/// refuses with it when its turn comes.
#[doc(hidden)]
#[derive(Debug, Clone)]
#[must_use = "call `finish`"]
pub struct KeyBuilder {
    bytes: KeyBytes,
    parts: u32,
    fault: Option<(u32, KeyFault)>,
}

impl KeyBuilder {
    /// Makes a builder without parts. [`finish`](Self::finish) refuses it until it has one.
    #[expect(clippy::new_without_default, reason = "generated code alone makes one")]
    #[inline]
    pub fn new() -> Self {
        Self {
            bytes: KeyBytes::new(),
            parts: 0,
            fault: None,
        }
    }

    /// Adds a part. Each part marks its own end, so that two different lists of parts never make the
    /// same key.
    #[inline]
    pub fn part<P: KeyPart + ?Sized>(mut self, part: &P) -> Self {
        self.parts += 1;
        if self.fault.is_none() {
            let done = encode_part(part, &mut self.bytes);
            self.fault = match done {
                Err(fault) => Some((self.parts, fault)),
                Ok(()) if self.bytes.len() > MAX_KEY => Some((self.parts, KeyFault::TooLong)),
                Ok(()) => None,
            };
        }
        self
    }

    /// Returns the key, or the first fault and the number of the part that has it. Parts count from
    /// 1.
    #[inline]
    pub fn finish(self) -> PreparedKey {
        PreparedKey(self)
    }
}

/// The encoded key of one call, or the part that can't be in a key and why.
#[doc(hidden)]
#[derive(Clone)]
#[must_use = "pass it to `begin`"]
pub struct PreparedKey(KeyBuilder);

impl PreparedKey {
    /// Returns the encoded parts.
    ///
    /// # Errors
    ///
    /// [`Cause::InvalidKey`] if a value can't be part of a key, or there is none.
    pub fn parts(&self) -> Result<&[u8], Cause> {
        let Self(KeyBuilder {
            bytes,
            parts,
            fault,
        }) = self;
        // An empty list or map is no key by itself. Beside other parts it is data, such as the
        // parameters of a request that has none.
        let is_missing = || *parts == 0 || (*parts == 1 && is_empty(bytes));
        match fault {
            Some((part, reason)) => Err(Cause::InvalidKey(*part, *reason)),
            None if is_missing() => Err(Cause::InvalidKey(1, KeyFault::Missing)),
            None => Ok(bytes),
        }
    }
}

/// The encoded fingerprint of one call, or why there is none.
#[doc(hidden)]
#[derive(Clone)]
#[must_use = "pass it to `begin`"]
pub struct PreparedFingerprint(pub(super) Result<KeyBytes, KeyFault>);

impl PreparedFingerprint {
    /// Makes the fingerprint of `value`. Unlike a part of a key it may be `None` or empty.
    pub fn of<V: KeyPart + ?Sized>(value: &V) -> Self {
        let mut bytes = KeyBytes::new();
        Self(encode_plain(value, &mut bytes).map(|()| bytes))
    }

    /// Returns the encoded value.
    ///
    /// # Errors
    ///
    /// [`Cause::InvalidFingerprint`] if the value can't be encoded.
    pub fn into_bytes(self) -> Result<KeyBytes, Cause> {
        self.0.map_err(|_| Cause::InvalidFingerprint)
    }
}

// Keys may hold the user's data, which no log may show.
impl fmt::Debug for PreparedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PreparedKey(..)")
    }
}
impl fmt::Debug for PreparedFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PreparedFingerprint(..)")
    }
}

/// The part of a request that must be equal when its key comes again.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Fingerprint {
    Plain(Box<[u8]>),
    /// Two `SipHash`es under different random keys: 128 bits that no caller can make collide on
    /// purpose.
    Hashed([u64; 2]),
}

impl Fingerprint {
    pub(super) fn new(bytes: &[u8]) -> Self {
        static KEYS: OnceLock<[RandomState; 2]> = OnceLock::new();
        if bytes.len() <= MAX_PLAIN_FINGERPRINT {
            return Self::Plain(bytes.into());
        }
        let keys = KEYS.get_or_init(|| [RandomState::new(), RandomState::new()]);
        Self::Hashed([keys[0].hash_one(bytes), keys[1].hash_one(bytes)])
    }

    /// Makes the fingerprint of a call that came through the trait `Store`: a hash already.
    pub(super) fn of_bytes(bytes: &[u8]) -> Self {
        Self::Plain(bytes.into())
    }

    /// Returns the bytes that it takes on the heap.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Plain(bytes) => bytes.len(),
            Self::Hashed(_) => 0,
        }
    }
}

/// The scope of a key: the `name` or else the function, the name of the success type, and the
/// instance of the function.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    /// The `name`, or the function.
    pub name: &'static str,
    /// The address of the function's static; 0 if there is a `name`. The path and the line of a
    /// function are not enough: a macro can put several functions of one path on one line.
    pub site: usize,
    /// The name of the success type.
    pub result: &'static str,
    /// The instance, if the function has several.
    pub instance: Option<&'static Instance>,
}

impl Scope {
    /// Makes the scope of all functions that give that `name`, whatever they return.
    pub const fn named(name: &'static str) -> Self {
        Self {
            name,
            site: 0,
            result: "",
            instance: None,
        }
    }
}

impl Scope {
    /// Returns whether the two are equal. What costs least and differs most is compared first.
    fn is(&self, other: &Self) -> bool {
        // The address of a function's static stands for the function's name too.
        self.site == other.site
            && (self.site != 0 || self.name == other.name)
            && self.result == other.result
            && self.instance == other.instance
    }

    /// Hashes what tells scopes apart, but for the type of the result, and for the site: that is
    /// added at last. Under one `name`, functions with other results have keys of equal hashes, and
    /// there are few of them.
    fn hash(&self, state: &mut impl Hasher) {
        if self.site == 0 {
            self.name.hash(state);
        }
        match self.instance {
            None => {}
            Some(Instance { id: Some(id), .. }) => id.hash(state),
            Some(Instance { names, .. }) => names.hash(state),
        }
    }
}

/// A key as the store in memory keeps it. Two keys are equal only if all their bytes are.
pub struct Key {
    /// The scope that it belongs to.
    pub scope: Scope,
    /// The encoded parts.
    pub parts: Box<[u8]>,
    hash: u64,
    /// Chooses the shard, and its upper half is shown: other bits than those by which the map of the
    /// shard goes.
    spread: u64,
}

/// A key that is looked for: its parts are not on the heap.
#[derive(Clone, Copy)]
pub(super) struct KeyRef<'k> {
    scope: Scope,
    parts: &'k [u8],
    hash: u64,
}

/// Shows the hash alone: a key may hold the user's data, which no log may show.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:016x})", self.hash)
    }
}

impl<'k> KeyRef<'k> {
    /// Makes the key with a keyed `SipHash` of all of it: nobody can choose keys that share a place
    /// in the maps of the store.
    pub(super) fn new(scope: Scope, parts: &'k [u8]) -> Self {
        static KEYS: OnceLock<RandomState> = OnceLock::new();
        let mut hasher = KEYS.get_or_init(RandomState::new).build_hasher();
        scope.hash(&mut hasher);
        hasher.write(parts);
        // Nobody chooses an address, so it needs no key. The factor spreads it over all bits.
        let site = (scope.site as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let hash = hasher.finish() ^ site;
        Self { scope, parts, hash }
    }

    /// Returns the key that is kept.
    pub(super) fn to_key(self) -> Key {
        let Self { scope, parts, hash } = self;
        Key {
            scope,
            parts: parts.into(),
            hash,
            spread: self.spread(),
        }
    }

    fn spread(&self) -> u64 {
        self.hash.rotate_left(32)
    }

    /// See [`Key::shown`].
    pub(super) fn shown(&self) -> u32 {
        (self.spread() >> 32) as u32
    }

    /// See [`Key::shard`].
    pub(super) fn shard(&self, n: usize) -> usize {
        shard(self.spread(), n)
    }

    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    pub(super) fn is(&self, other: &KeyRef<'_>) -> bool {
        self.hash == other.hash && self.parts == other.parts && self.scope.is(&other.scope)
    }
}

/// Returns the shard, below `n`. A caller whose keys all hit one shard causes contention there, and
/// nothing worse.
fn shard(spread: u64, n: usize) -> usize {
    let n = n as u64;
    let shard = if n.is_power_of_two() {
        // The usual number. To divide takes longer than all else here.
        spread & (n - 1)
    } else {
        spread % n
    };
    // It is below `n`.
    #[expect(clippy::cast_possible_truncation)]
    let shard = shard as usize;
    shard
}

impl Key {
    /// Makes a key of encoded parts.
    #[cfg(test)]
    #[expect(clippy::needless_pass_by_value, reason = "tests make the parts for it")]
    pub(super) fn new(scope: Scope, parts: Vec<u8>) -> Self {
        KeyRef::new(scope, &parts).to_key()
    }

    /// Makes the key in memory that stands for `record`, whose key is a hash already. Whoever knows
    /// the hash of a key can choose others beside it, so it is hashed again.
    pub(super) fn of_record(record: &RecordKey) -> Self {
        let scope = Scope::named(record.name());
        let mut first = [0; 8];
        first.copy_from_slice(&record.hash()[..8]);
        Self {
            spread: u64::from_be_bytes(first),
            ..KeyRef::new(scope, record.hash()).to_key()
        }
    }

    /// Returns the key as one that is looked for.
    pub(super) fn looked_for(&self) -> KeyRef<'_> {
        KeyRef {
            scope: self.scope,
            parts: &self.parts,
            hash: self.hash,
        }
    }

    pub(super) fn name(&self) -> &'static str {
        self.scope.name
    }

    /// Returns whether the key belongs to the attribute's `name` and has these parts, whatever the
    /// type of its result. The key of a site without a `name` belongs to none.
    pub(super) fn is_of(&self, name: &str, parts: &[u8]) -> bool {
        self.scope.site == 0 && self.scope.name == name && *self.parts == *parts
    }

    /// Returns the bytes that the parts take on the heap.
    pub(super) fn len(&self) -> usize {
        self.parts.len()
    }

    /// Returns the part of the hash that events show. It is keyed anew in each process, so that short
    /// keys can't be guessed.
    pub(super) fn shown(&self) -> u32 {
        (self.spread >> 32) as u32
    }

    /// Returns the shard of the key, below `n`.
    pub(super) fn shard(&self, n: usize) -> usize {
        shard(self.spread, n)
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.looked_for().is(&other.looked_for())
    }
}
impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}
