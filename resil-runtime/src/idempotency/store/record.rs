//! The parts of a record that pass between a call and a store.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::hex::hex;

/// The key under which a store keeps a record: a SHA-256 of namespace, scope and the user's key, or
/// an HMAC of them if the store's settings have a `pepper`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordKey {
    hash: [u8; 32],
    name: &'static str,
}

impl RecordKey {
    /// Makes a key of these bytes. `name` is the scope that it belongs to, for events alone.
    pub const fn new(hash: [u8; 32], name: &'static str) -> Self {
        Self { hash, name }
    }

    /// Returns the 32 bytes, which are all that a store needs to keep.
    pub const fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// Returns the scope of the key: the attribute's `name`. It is part of the hash already.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the first 32 bits, which logs and events may show, as eight hex digits.
    pub fn shown(&self) -> u32 {
        let [a, b, c, d, ..] = self.hash;
        u32::from_be_bytes([a, b, c, d])
    }

    /// Returns the hash as 64 hex digits.
    pub fn hex(&self) -> String {
        hex(&self.hash)
    }
}

impl fmt::Debug for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordKey({:08x}..)", self.shown())
    }
}

/// Identifies a claim: 16 random bytes, made by the caller before the claim is sent.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token([u8; 16]);

impl Token {
    /// Makes a token that nobody else has.
    pub fn random() -> Self {
        Self(rand::random())
    }

    /// Makes the token of these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes of the token.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

// Not shown in full: a reader of a log who knows the token could complete the claim.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({:02x}{:02x}..)", self.0[0], self.0[1])
    }
}

/// The hash of the user's `fingerprint`, which must be equal whenever one key comes again.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Makes the fingerprint of these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes of the fingerprint.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(..)")
    }
}

/// Says what happens to a key whose owner vanished. An owner vanishes if it is dropped, if it
/// panics, if an attempt of it is cut, or if its lease ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OnAbandon {
    /// The next call with the key runs the body again: at least one start, at most one recorded
    /// result. The default.
    #[default]
    Retry,
    /// Calls with the key get
    /// [`Indeterminate`](crate::idempotency::IdempotencyError::Indeterminate) until the ttl ends:
    /// at most one start.
    Indeterminate,
}

#[cfg(any(feature = "catalog", feature = "settings"))]
impl OnAbandon {
    /// Returns the word that the attribute has for it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Indeterminate => "indeterminate",
        }
    }

    /// Returns the one that the attribute has `word` for.
    #[cfg(feature = "settings")]
    pub(crate) fn of(word: &str) -> Self {
        let all = [Self::Retry, Self::Indeterminate];
        let found = all.into_iter().find(|of| of.word() == word);
        found.unwrap_or_default()
    }
}

/// The request of a claim on a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClaimRequest {
    /// Identifies the claim.
    pub token: Token,
    /// The fingerprint that must be equal when the key comes again, if there is one.
    pub fingerprint: Option<Fingerprint>,
    /// The time for which the claim holds without a heartbeat.
    pub lease: Duration,
    /// The time for which the record is kept if no further step comes for it.
    pub ttl: Duration,
    /// What happens to the key if the owner vanishes. The record keeps this mode. Where it differs
    /// from the mode of a later request, [`OnAbandon::Indeterminate`] holds.
    pub on_abandon: OnAbandon,
}

impl ClaimRequest {
    /// Makes a request for `token`, without a fingerprint, under [`OnAbandon::Retry`].
    pub const fn new(token: Token, lease: Duration, ttl: Duration) -> Self {
        Self {
            token,
            fingerprint: None,
            lease,
            ttl,
            on_abandon: OnAbandon::Retry,
        }
    }

    /// Sets the fingerprint. Default `None`.
    pub const fn fingerprint(mut self, fingerprint: Option<Fingerprint>) -> Self {
        self.fingerprint = fingerprint;
        self
    }

    /// Sets what happens if the owner vanishes. Default [`OnAbandon::Retry`].
    pub const fn on_abandon(mut self, on_abandon: OnAbandon) -> Self {
        self.on_abandon = on_abandon;
        self
    }

    /// Returns whether the request is under [`OnAbandon::Indeterminate`].
    pub const fn indeterminate(&self) -> bool {
        matches!(self.on_abandon, OnAbandon::Indeterminate)
    }
}

/// The kind of a recorded outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The function returned `Ok`, and its value is in [`Recorded::body`].
    Ok,
    /// The function returned an error that is stored, and that is in [`Recorded::body`].
    Err,
    /// The function is done, and nothing more is known. The result was too large, could not be
    /// encoded, or there was no room for it; [`Recorded::body`] is empty.
    NotStored,
}

impl Outcome {
    /// Returns the word that stores write for it: `ok`, `err`, or for `NotStored` `too-large`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Err => "err",
            Self::NotStored => "too-large",
        }
    }

    /// Returns the outcome that [`as_str`](Self::as_str) writes as `word`; `None` if there is none.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "ok" => Some(Self::Ok),
            "err" => Some(Self::Err),
            "too-large" => Some(Self::NotStored),
            _ => None,
        }
    }
}

/// A recorded outcome. It is replayed byte for byte.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded {
    /// How the function's body ended.
    pub outcome: Outcome,
    /// The encoded result: any bytes. No log may show them.
    pub body: Arc<[u8]>,
    /// The id of the codec that encoded it: at most 32 bytes of ASCII.
    pub codec: Cow<'static, str>,
    /// The `version` of the result's type.
    pub version: u32,
}

impl Recorded {
    /// Makes an outcome with its encoded value or error.
    pub fn new(
        outcome: Outcome,
        body: impl Into<Arc<[u8]>>,
        codec: impl Into<Cow<'static, str>>,
        version: u32,
    ) -> Self {
        Self {
            outcome,
            body: body.into(),
            codec: codec.into(),
            version,
        }
    }

    /// Makes a [`NotStored`](Outcome::NotStored) outcome, which has nothing to replay.
    pub fn not_stored(codec: impl Into<Cow<'static, str>>, version: u32) -> Self {
        Self::new(Outcome::NotStored, Vec::new(), codec, version)
    }
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorded")
            .field("outcome", &self.outcome)
            .field("bytes", &self.body.len())
            .field("codec", &self.codec)
            .field("version", &self.version)
            .finish()
    }
}
