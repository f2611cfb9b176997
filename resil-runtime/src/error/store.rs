//! The error of a store that gave no answer.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// The failure of a store that gave no answer: nobody knows whether the step took effect.
///
/// It has eight bytes and is cheap to clone. It shows the name of the store and the message of the
/// driver. The author of a store sees to it that neither holds an address with credentials, a key
/// or a body.
#[derive(Clone)]
pub struct StoreError(Arc<Inner>);

struct Inner {
    store: Cow<'static, str>,
    kind: StoreErrorKind,
    source: Box<dyn Error + Send + Sync>,
}

/// The kind of a store's failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The store could not be reached, or was too busy: it may work the next time.
    Unavailable,
    /// The store has no schema, no rights or a wrong setting: it will not work until somebody mends
    /// that.
    Misconfigured,
    /// The store holds data that no store of this kind has written.
    Corrupt,
}

impl StoreError {
    /// Creates the failure of the store called `store`.
    pub fn new(
        store: impl Into<Cow<'static, str>>,
        kind: StoreErrorKind,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self(Arc::new(Inner {
            store: store.into(),
            kind,
            source: source.into(),
        }))
    }

    /// Creates a failure that may not happen the next time:
    /// [`Unavailable`](StoreErrorKind::Unavailable).
    pub fn unavailable(
        store: impl Into<Cow<'static, str>>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::new(store, StoreErrorKind::Unavailable, source)
    }

    /// Returns the name of the store.
    pub fn store(&self) -> &str {
        &self.0.store
    }

    /// Returns the kind of the failure.
    pub fn kind(&self) -> StoreErrorKind {
        self.0.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.0.kind {
            StoreErrorKind::Unavailable => "is not available",
            StoreErrorKind::Misconfigured => "is not set up",
            StoreErrorKind::Corrupt => "holds what it can't read",
        };
        write!(f, "the store `{}` {what}: {}", self.0.store, self.0.source)
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreError")
            .field("store", &self.0.store)
            .field("kind", &self.0.kind)
            .field("source", &self.0.source)
            .finish()
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0.source)
    }
}

/// Two are equal if they are the same failure, or have the same kind and text.
impl PartialEq for StoreError {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.kind() == other.kind() && self.to_string() == other.to_string())
    }
}

impl Eq for StoreError {}
