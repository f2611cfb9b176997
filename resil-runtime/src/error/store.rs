//! The error of a store that gave no answer.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// Why a store gave no answer: nobody knows whether the step took effect.
///
/// Eight bytes, cheap to clone. It shows what the store is called and what its driver said; who
/// builds a store sees to it that neither holds an address with credentials, a key or a body.
#[derive(Clone)]
pub struct StoreError(Arc<Inner>);

struct Inner {
    store: Cow<'static, str>,
    kind: StoreErrorKind,
    source: Box<dyn Error + Send + Sync>,
}

/// The kind of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// It could not be reached, or was too busy: it may work the next time.
    Unavailable,
    /// It will not work until somebody does something: no schema, no rights, a wrong setting.
    Misconfigured,
    /// It holds what no store of this kind has written.
    Corrupt,
}

impl StoreError {
    /// A failure of the store that is called `store`.
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

    /// A failure that may not happen the next time.
    pub fn unavailable(
        store: impl Into<Cow<'static, str>>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::new(store, StoreErrorKind::Unavailable, source)
    }

    /// The name of the store.
    pub fn store(&self) -> &str {
        &self.0.store
    }

    /// The kind of a failure.
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

/// The same failure, or one that reads the same.
impl PartialEq for StoreError {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.kind() == other.kind() && self.to_string() == other.to_string())
    }
}

impl Eq for StoreError {}
