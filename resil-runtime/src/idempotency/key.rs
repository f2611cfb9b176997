//! Keys and fingerprints, as a call makes them on entry and as the store keeps them.

use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::OnceLock;

use super::encode::is_empty;
use super::instance::Instance;
use super::key_part::{KeyPart, encode_part, encode_plain};
use super::store::RecordKey;
use crate::error::idempotency::{Cause, KeyFault};

/// Longest encoded key: the store keeps keys whole, and compares them whole.
const MAX_KEY: usize = 64 * 1024;

/// Longest fingerprint that is kept as it is; of a longer one 128 bits of keyed hashes are kept.
const MAX_PLAIN_FINGERPRINT: usize = 256;

/// Builds a key from its parts. A fault is kept and becomes a refusal of the layer, so that a key can
/// be made on entry, wherever the attribute stands.
#[doc(hidden)]
#[derive(Debug)]
#[must_use = "call `finish`"]
pub struct KeyBuilder {
    bytes: Vec<u8>,
    parts: u32,
    fault: Option<(u32, KeyFault)>,
}

impl KeyBuilder {
    /// A builder without parts, which is no key yet.
    #[expect(clippy::new_without_default, reason = "generated code alone makes one")]
    pub fn new() -> Self {
        Self {
            bytes: Vec::with_capacity(48),
            parts: 0,
            fault: None,
        }
    }

    /// Adds a part. Each part marks its own end, so that two different lists of parts never make the
    /// same key.
    pub fn part<P: KeyPart + ?Sized>(mut self, part: &P) -> Self {
        self.parts += 1;
        if self.fault.is_none() {
            let done = encode_part(part, &mut self.bytes);
            let done = done.and(if self.bytes.len() > MAX_KEY {
                Err(KeyFault::TooLong)
            } else {
                Ok(())
            });
            self.fault = done.err().map(|fault| (self.parts, fault));
        }
        self
    }

    /// Returns the key, or the first fault that was met.
    pub fn finish(self) -> PreparedKey {
        PreparedKey(match self.fault {
            Some(fault) => Err(fault),
            None if self.parts == 0 => Err((1, KeyFault::Missing)),
            // Beside other parts it is data: a request without parameters.
            None if self.parts == 1 && is_empty(&self.bytes) => Err((1, KeyFault::Missing)),
            None => Ok(self.bytes),
        })
    }
}

/// The key of one call, or what is wrong with it.
#[doc(hidden)]
#[derive(Clone)]
#[must_use = "pass it to `begin`"]
pub struct PreparedKey(pub(super) Result<Vec<u8>, (u32, KeyFault)>);

impl PreparedKey {
    /// Returns the encoded parts.
    ///
    /// # Errors
    ///
    /// If one of them is none.
    pub fn into_parts(self) -> Result<Vec<u8>, Cause> {
        self.0
            .map_err(|(part, reason)| Cause::InvalidKey(part, reason))
    }
}

/// The fingerprint of one call, or that it could not be made.
#[doc(hidden)]
#[derive(Clone)]
#[must_use = "pass it to `begin`"]
pub struct PreparedFingerprint(pub(super) Result<Vec<u8>, KeyFault>);

impl PreparedFingerprint {
    /// Makes the fingerprint of any value: `None` and the empty string are allowed.
    pub fn of<V: KeyPart + ?Sized>(value: &V) -> Self {
        let mut bytes = Vec::new();
        Self(encode_plain(value, &mut bytes).map(|()| bytes))
    }

    /// Returns the encoded value.
    ///
    /// # Errors
    ///
    /// If it could not be encoded.
    pub fn into_bytes(self) -> Result<Vec<u8>, Cause> {
        self.0.map_err(|_| Cause::InvalidFingerprint)
    }
}

// Keys may hold data of the user's: no `Debug` shows it.
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
    /// Two differently keyed `SipHash`es: 128 bits that nobody outside can aim at.
    Hashed([u64; 2]),
}

impl Fingerprint {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        static KEYS: OnceLock<[RandomState; 2]> = OnceLock::new();
        if bytes.len() <= MAX_PLAIN_FINGERPRINT {
            return Self::Plain(bytes.into());
        }
        let keys = KEYS.get_or_init(|| [RandomState::new(), RandomState::new()]);
        Self::Hashed([keys[0].hash_one(&bytes), keys[1].hash_one(&bytes)])
    }

    /// The fingerprint that a store outside of memory would keep: a hash already.
    pub(super) fn of_bytes(bytes: &[u8]) -> Self {
        Self::Plain(bytes.into())
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Plain(bytes) => bytes.len(),
            Self::Hashed(_) => 0,
        }
    }
}

/// The scope of a key: the `name`, or the function; the name of the success type; and the types that
/// the function runs for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// The `name`, or the function.
    pub name: &'static str,
    /// The address of the function's static, 0 with a `name`: a macro can put several functions of
    /// one path on one line.
    pub site: usize,
    /// The name of the success type.
    pub result: &'static str,
    /// The instance, if the function has several.
    pub instance: Option<&'static Instance>,
}

impl Scope {
    /// The scope of all functions that give that `name`, whatever they return.
    pub const fn named(name: &'static str) -> Self {
        Self {
            name,
            site: 0,
            result: "",
            instance: None,
        }
    }
}

impl Hash for Scope {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
        self.site.hash(state);
        self.result.hash(state);
        if let Some(instance) = self.instance {
            instance.hash(state);
        }
    }
}

/// A key as the store in memory keeps it: the full bytes, compared in full.
pub struct Key {
    /// Where it belongs.
    pub scope: Scope,
    /// The encoded parts.
    pub parts: Vec<u8>,
    hash: u64,
}

/// Shows the hash alone: a key may hold what is not for a log.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:016x})", self.hash)
    }
}

impl Key {
    pub(super) fn new(scope: Scope, parts: Vec<u8>) -> Self {
        static KEYS: OnceLock<RandomState> = OnceLock::new();
        let hash = KEYS
            .get_or_init(RandomState::new)
            .hash_one((&scope, &parts));
        Self { scope, parts, hash }
    }

    /// The key in memory of a record whose key is a hash already.
    pub(super) fn of_record(record: &RecordKey) -> Self {
        let scope = Scope::named(record.name());
        let mut first = [0; 8];
        first.copy_from_slice(&record.hash()[..8]);
        Self {
            scope,
            parts: record.hash().to_vec(),
            hash: u64::from_be_bytes(first),
        }
    }

    pub(super) fn name(&self) -> &'static str {
        self.scope.name
    }

    /// Returns whether it belongs to that name and has these parts, whatever the type of its result.
    pub(super) fn is_of(&self, name: &str, parts: &[u8]) -> bool {
        self.scope.site == 0 && self.scope.name == name && self.parts == parts
    }

    /// Returns the bytes that it takes to keep the key.
    pub(super) fn len(&self) -> usize {
        self.parts.capacity()
    }

    /// Returns the part of the hash that events show. It is keyed anew in each process, so that short
    /// keys can't be guessed.
    pub(super) fn shown(&self) -> u32 {
        (self.hash >> 32) as u32
    }

    /// Returns which of `n` shards the key belongs to. Somebody who aims at one shard gains
    /// contention, nothing more.
    pub(super) fn shard(&self, n: usize) -> usize {
        // The remainder is below `n`.
        #[expect(clippy::cast_possible_truncation)]
        let shard = (self.hash % n as u64) as usize;
        shard
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.parts == other.parts && self.scope == other.scope
    }
}
impl Eq for Key {}

impl Hash for Key {
    // The hash is a keyed SipHash of the whole key already; the map's own hasher is keyed again.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}
