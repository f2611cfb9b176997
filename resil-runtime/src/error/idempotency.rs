//! The refusals of `#[idempotent]`.

use std::fmt;
use std::time::Duration;

use super::store::StoreError;

/// The reason for which `#[idempotent]` refused a call, or has no result to replay.
///
/// `name` is always the scope of the keys: the attribute's `name`, or the function. Keys,
/// fingerprints and results are never part of a message. `#[retry]` takes all of them as final.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdempotencyError {
    /// The key came again with another fingerprint. Nothing ran.
    #[error(
        "`{name}`: this idempotency key was used before with another `fingerprint`; \
         use a new key for a new request"
    )]
    #[non_exhaustive]
    KeyReused {
        /// The scope of the keys.
        name: &'static str,
    },
    /// Another call with this key is running, and this one may not (`conflict = reject`), or could
    /// not, wait for it any longer: its deadline came, or too many wait already.
    #[error("`{name}`: a call with this idempotency key is in progress; ask again{}", hint(*.retry_in))]
    #[non_exhaustive]
    InProgress {
        /// The scope of the keys.
        name: &'static str,
        /// When the running call's lease ends, unless it is renewed until then.
        retry_in: Option<Duration>,
    },
    /// The body that holds this key has asked for it again, and would wait for itself. Nothing ran.
    ///
    /// All that a body polls is under its claim: what it calls, and what it joins. A task that it
    /// spawns is not, and waits as others do; a body that awaits such a task waits for itself, to the
    /// deadline in force.
    #[error(
        "`{name}`: the body that holds this idempotency key asks for it again, and would wait for \
         itself; give what it calls a key or a `name` of its own"
    )]
    #[non_exhaustive]
    Reentrant {
        /// The scope of the keys.
        name: &'static str,
    },
    /// The call that held this key vanished in mid-flight, and with `on_abandon = indeterminate`
    /// it is not run again before the key's ttl ends: nobody knows whether its effect took place.
    #[error(
        "`{name}`: a call with this idempotency key was cut short and its effect may have taken \
         place; find out, and use a new key if it has to run again"
    )]
    #[non_exhaustive]
    Indeterminate {
        /// The scope of the keys.
        name: &'static str,
    },
    /// This call stood still for longer than its `lease` and another one took over its key. Its
    /// body was dropped where it stood.
    #[error(
        "`{name}`: the lease ran out and another call took over the idempotency key; \
         ask again for its result, and make `lease` longer if the body blocks its thread"
    )]
    #[non_exhaustive]
    LeaseLost {
        /// The scope of the keys.
        name: &'static str,
    },
    /// The body was run for this key, but its result could not be kept: too large, not
    /// encodable, or no room for it. Nothing runs again.
    #[error(
        "`{name}`: this idempotency key is done, but its result could not be recorded \
         (too large, not encodable, or no room); return less, or raise the store's limits"
    )]
    #[non_exhaustive]
    NotStored {
        /// The scope of the keys.
        name: &'static str,
    },
    /// The recorded result is of another `version`, of another codec, or not one that the
    /// function's type reads back. Nothing runs again.
    #[error(
        "`{name}`: the result recorded for this idempotency key does not decode; \
         it was written by another `version` or codec, or its `Deserialize` does not read what \
         its `Serialize` wrote"
    )]
    #[non_exhaustive]
    Undecodable {
        /// The scope of the keys.
        name: &'static str,
    },
    /// The key of this call is invalid. Nothing ran.
    #[error("`{name}`: part {part} of the idempotency key {reason}")]
    #[non_exhaustive]
    InvalidKey {
        /// The scope of the keys.
        name: &'static str,
        /// The part of the key, counted from 1.
        part: u32,
        /// What is wrong with it.
        reason: KeyFault,
    },
    /// The `fingerprint` of this call could not be serialised. Nothing ran.
    #[error("`{name}`: the `fingerprint` could not be serialised; use plain data")]
    #[non_exhaustive]
    InvalidFingerprint {
        /// The scope of the keys.
        name: &'static str,
    },
    /// The store gave no answer, or there is none. Nothing ran.
    #[error("`{name}`: {source}")]
    #[non_exhaustive]
    Store {
        /// The scope of the keys.
        name: &'static str,
        /// The error of the store, or of its driver.
        source: StoreError,
    },
    /// The store outlives the process, and the function has no `name`. Nothing ran.
    #[error(
        "`{name}`: the idempotency store outlives the process, where a rename of the function \
         would change its keys; give the attribute a name: `#[idempotent(name = \"..\", ..)]`"
    )]
    #[non_exhaustive]
    Unnamed {
        /// The function.
        name: &'static str,
    },
    /// The store outlives the process, the function stands for several types (a trait's default
    /// method, a method of `impl<T>`, a generic function), and its key does not say for which it
    /// runs. Nothing ran.
    #[error(
        "`{name}`: the idempotency store outlives the process, and the key does not say for which \
         type the function runs, here `{instance}`; name the type in it: `key = (T::NAME, id)`, or \
         `key = (Self::NAME, id)`"
    )]
    #[non_exhaustive]
    TypeNotInKey {
        /// The scope of the keys.
        name: &'static str,
        /// The function with the types that it was called for.
        instance: InstanceName,
    },
    /// The store is full of claims in progress: none of them may be forgotten. Nothing ran.
    #[error(
        "`{name}`: the idempotency store is full of calls in progress; \
         bound the calls at one time, or raise the store's limits"
    )]
    #[non_exhaustive]
    Full {
        /// The scope of the keys.
        name: &'static str,
    },
}

fn hint(retry_in: Option<Duration>) -> String {
    match retry_in {
        Some(d) => format!(" later, its lease ends in {d:.0?} unless it is renewed"),
        None => " later".to_owned(),
    }
}

/// An annotated function with the types that it was called for, as rustc writes them:
/// `<app::Visa as app::Pay>::charge`.
///
/// One word, so that the error stays as small as it is without it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::redundant_allocation,
    reason = "a reference to text is two words, and the error has room for one"
)]
pub struct InstanceName(Box<&'static str>);

impl InstanceName {
    /// Returns the name.
    pub fn as_str(&self) -> &'static str {
        &self.0
    }
}

impl fmt::Display for InstanceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl IdempotencyError {
    /// The scope of the keys: the attribute's `name`, or the function.
    pub fn name(&self) -> &'static str {
        match self {
            Self::KeyReused { name }
            | Self::InProgress { name, .. }
            | Self::Reentrant { name }
            | Self::Indeterminate { name }
            | Self::LeaseLost { name }
            | Self::NotStored { name }
            | Self::Undecodable { name }
            | Self::InvalidKey { name, .. }
            | Self::InvalidFingerprint { name }
            | Self::Store { name, .. }
            | Self::Unnamed { name }
            | Self::TypeNotInKey { name, .. }
            | Self::Full { name } => name,
        }
    }

    /// Returns how long to wait before the call is worth repeating, if that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::InProgress { retry_in, .. } => *retry_in,
            _ => None,
        }
    }
}

/// Why a call is refused: an [`IdempotencyError`] without the scope of the key.
#[doc(hidden)]
#[derive(Debug)]
pub enum Cause {
    KeyReused,
    InProgress(Option<Duration>),
    Reentrant,
    Indeterminate,
    LeaseLost,
    NotStored,
    Undecodable,
    InvalidKey(u32, KeyFault),
    InvalidFingerprint,
    Full,
    Store(StoreError),
    Unnamed,
    /// With the function and the types that it was called for.
    TypeNotInKey(&'static str),
}

impl Cause {
    /// Returns the error of a call whose key belongs to `name`.
    pub fn of(self, name: &'static str) -> IdempotencyError {
        use IdempotencyError as Error;
        match self {
            Self::KeyReused => Error::KeyReused { name },
            Self::InProgress(retry_in) => Error::InProgress { name, retry_in },
            Self::Reentrant => Error::Reentrant { name },
            Self::Indeterminate => Error::Indeterminate { name },
            Self::LeaseLost => Error::LeaseLost { name },
            Self::NotStored => Error::NotStored { name },
            Self::Undecodable => Error::Undecodable { name },
            Self::InvalidKey(part, reason) => Error::InvalidKey { name, part, reason },
            Self::InvalidFingerprint => Error::InvalidFingerprint { name },
            Self::Full => Error::Full { name },
            Self::Store(source) => Error::Store { name, source },
            Self::Unnamed => Error::Unnamed { name },
            Self::TypeNotInKey(instance) => Error::TypeNotInKey {
                name,
                instance: InstanceName(Box::new(instance)),
            },
        }
    }
}

/// The fault of a part of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFault {
    /// It is `None`, `()` or an empty string, or the whole key is an empty list or map: calls
    /// without a key must not share one.
    #[error("is `None` or empty; give every call a key of its own")]
    Missing,
    /// Its `Serialize` failed.
    #[error("could not be serialised; use a string, an integer or plain data")]
    NotSerialisable,
    /// With it the key is longer than 64 KiB.
    #[error("makes it longer than 64 KiB; use an id or a digest in its place")]
    TooLong,
}
