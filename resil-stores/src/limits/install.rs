//! The choice of the store for a function: one that is installed under a name, or one that the
//! attribute gives.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{PoisonError, RwLock};

use resil_runtime::rate_limit::store::{StoreError, StoreErrorKind};

use super::shared::SharedLimits;

static NAMED: RwLock<Option<HashMap<String, SharedLimits>>> = RwLock::new(None);

/// The error of [`install_named`]: why a store could not be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// A store was installed before under the same name.
    #[error(
        "a store of rate limits is installed under that name already; install it once, at start"
    )]
    Installed,
}

/// Installs `store` for all functions with `#[rate_limit(store = "name")]`. To be called once, at start.
///
/// The names are not those of [`resil::idempotency::install_named`](crate::install_named()): one server
/// may stand under one name for both.
///
/// ```
/// use resil_stores::limits::{Memory, SharedLimits, install_named};
///
/// # fn main() -> Result<(), resil_stores::limits::InstallError> {
/// install_named("shared", SharedLimits::new(Memory::new()).namespace("shop"))?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`InstallError::Installed`] if a store of that name is installed already.
pub fn install_named(name: impl Into<String>, store: SharedLimits) -> Result<(), InstallError> {
    let mut named = NAMED.write().unwrap_or_else(PoisonError::into_inner);
    match named.get_or_insert_default().entry(name.into()) {
        Entry::Vacant(entry) => {
            entry.insert(store);
            Ok(())
        }
        Entry::Occupied(_) => Err(InstallError::Installed),
    }
}

/// The store that an attribute names, or why there is none.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct RateLimitStoreChoice(pub(super) Result<SharedLimits, StoreError>);

impl RateLimitStoreChoice {
    /// Returns the store of `store = "name"`.
    pub fn named(name: &str) -> Self {
        let named = NAMED.read().unwrap_or_else(PoisonError::into_inner);
        let store = named.as_ref().and_then(|named| named.get(name)).cloned();
        Self(store.ok_or_else(|| {
            let fault =
                "no store of rate limits has that name; call `limits::install_named` at start";
            StoreError::new(name.to_owned(), StoreErrorKind::Misconfigured, fault)
        }))
    }

    /// Returns the store of `store = EXPR`.
    pub fn of(store: &SharedLimits) -> Self {
        Self(Ok(store.clone()))
    }
}
