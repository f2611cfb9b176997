//! The parts of a record, as they pass between a call and a store.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The key that a store keeps a record under: a SHA-256 (an HMAC where the store has a `pepper`) of
/// namespace, scope and the user's key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordKey {
    hash: [u8; 32],
    name: &'static str,
}

impl RecordKey {
    /// A key of these bytes; `name` is the scope that it belongs to, for events alone.
    pub const fn new(hash: [u8; 32], name: &'static str) -> Self {
        Self { hash, name }
    }

    /// The 32 bytes, which are all that a store needs to keep.
    pub const fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// The scope of the key: the attribute's `name`. It is part of the hash already.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The first 32 bits: what logs and events may show, as eight hex digits.
    pub fn shown(&self) -> u32 {
        let [a, b, c, d, ..] = self.hash;
        u32::from_be_bytes([a, b, c, d])
    }

    /// The hash as 64 hex digits.
    pub fn hex(&self) -> String {
        self.hash
            .iter()
            .fold(String::with_capacity(64), |s, b| s + &format!("{b:02x}"))
    }
}

impl fmt::Debug for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordKey({:08x}..)", self.shown())
    }
}

/// Identifies a claim: 16 random bytes, made by the caller before the claim goes out.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token([u8; 16]);

impl Token {
    /// A token that nobody else has.
    pub fn random() -> Self {
        Self(rand::random())
    }

    /// The token of these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

// Somebody who knows a token could complete another caller's claim.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({:02x}{:02x}..)", self.0[0], self.0[1])
    }
}

/// A hash of the user's `fingerprint`, which must be equal when a key comes again.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(..)")
    }
}

/// What happens to a key whose owner vanished: it was dropped, it panicked, or an attempt of it was
/// cut in mid-flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OnAbandon {
    /// The next caller runs the body again: at least one start, at most one recorded result.
    #[default]
    Retry,
    /// Callers get [`Indeterminate`](crate::idempotency::IdempotencyError::Indeterminate) until the ttl ends:
    /// at most one start.
    Indeterminate,
}

/// A claim on a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClaimRequest {
    /// Identifies the claim.
    pub token: Token,
    /// The fingerprint that must be equal when the key comes again, if there is one.
    pub fingerprint: Option<Fingerprint>,
    /// How long the claim holds without a heartbeat.
    pub lease: Duration,
    /// How long the record is kept if nothing more is heard of it.
    pub ttl: Duration,
    /// What happens to the key when its owner vanishes. The record keeps it: where two callers of
    /// one key differ, [`OnAbandon::Indeterminate`] holds.
    pub on_abandon: OnAbandon,
}

impl ClaimRequest {
    /// A claim of `token` for so long, with no fingerprint, under [`OnAbandon::Retry`].
    pub const fn new(token: Token, lease: Duration, ttl: Duration) -> Self {
        Self {
            token,
            fingerprint: None,
            lease,
            ttl,
            on_abandon: OnAbandon::Retry,
        }
    }

    /// With a fingerprint.
    pub const fn fingerprint(mut self, fingerprint: Option<Fingerprint>) -> Self {
        self.fingerprint = fingerprint;
        self
    }

    /// With another mode.
    pub const fn on_abandon(mut self, on_abandon: OnAbandon) -> Self {
        self.on_abandon = on_abandon;
        self
    }

    /// Whether it was made under [`OnAbandon::Indeterminate`].
    pub const fn indeterminate(&self) -> bool {
        matches!(self.on_abandon, OnAbandon::Indeterminate)
    }
}

/// The outcome of a body, as it is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// With an `Ok`, which is in the record's body.
    Ok,
    /// With an `Err` that is stored, which is in the record's body.
    Err,
    /// It is done, and that is all that is known: its result was too large, not encodable, or
    /// there was no room for it. The body is empty.
    NotStored,
}

impl Outcome {
    /// Returns the word that is stored: `ok`, `err`, `too-large`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Err => "err",
            Self::NotStored => "too-large",
        }
    }

    /// Returns the outcome of that word; `None` if there is no such word.
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
    /// How the body ended.
    pub outcome: Outcome,
    /// The encoded result: any bytes, which no log may show.
    pub body: Arc<[u8]>,
    /// The id of the codec that encoded it: at most 32 bytes of ASCII.
    pub codec: Cow<'static, str>,
    /// The `version` of the result's type.
    pub version: u32,
}

impl Recorded {
    /// An outcome with its encoded value.
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

    /// Done, with nothing to replay.
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
