//! The choice of the store for a site: the one that is installed for the process, one that is
//! installed under a name, or one that the attribute names.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{OnceLock, PoisonError, RwLock};

use resil_runtime::idempotency::store::{StoreError, StoreErrorKind};

use crate::shared::Shared;

/// The store of the process. `None` within: it is the one in memory for good, since a call came
/// before a store was installed.
static DEFAULT: OnceLock<Option<Shared>> = OnceLock::new();
static NAMED: RwLock<Option<HashMap<String, Shared>>> = RwLock::new(None);

/// The error of [`install`] and [`install_named`]: why a store could not be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// A store was installed before, for the process or under the same name.
    #[error("an idempotency store is installed already; install it once, at start")]
    Installed,
    /// A call has used the store in memory already.
    #[error(
        "the idempotency store in memory is in use already; install yours before the first call"
    )]
    InUse,
}

/// Installs `store` for all sites whose attribute names no `store`, in place of the one in memory.
/// To be called once, at start, before the first call.
///
/// # Errors
///
/// [`InstallError::Installed`] if a store is installed already, [`InstallError::InUse`] if a call
/// has used the store in memory.
pub fn install(store: Shared) -> Result<(), InstallError> {
    DEFAULT.set(Some(store)).map_err(|_| match DEFAULT.get() {
        Some(Some(_)) => InstallError::Installed,
        _ => InstallError::InUse,
    })
}

/// Installs `store` for all sites with `store = "name"`.
///
/// # Errors
///
/// [`InstallError::Installed`] if a store of that name is installed already.
pub fn install_named(name: impl Into<String>, store: Shared) -> Result<(), InstallError> {
    let mut named = NAMED.write().unwrap_or_else(PoisonError::into_inner);
    match named.get_or_insert_default().entry(name.into()) {
        Entry::Vacant(entry) => {
            entry.insert(store);
            Ok(())
        }
        Entry::Occupied(_) => Err(InstallError::Installed),
    }
}

/// Returns the installed store of the process. If there is none, returns `None`, and the store in
/// memory is the store of the process for good.
pub(crate) fn default_store() -> Option<&'static Shared> {
    DEFAULT.get_or_init(|| None).as_ref()
}

/// The store that an attribute names, or why there is none.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct StoreChoice(pub(crate) Result<Shared, StoreError>);

impl StoreChoice {
    /// Returns the store of `store = "name"`.
    pub fn named(name: &str) -> Self {
        let named = NAMED.read().unwrap_or_else(PoisonError::into_inner);
        let store = named.as_ref().and_then(|named| named.get(name)).cloned();
        Self(store.ok_or_else(|| {
            let fault = "no store of that name; call `install_named` at start";
            StoreError::new(name.to_owned(), StoreErrorKind::Misconfigured, fault)
        }))
    }

    /// Returns the store of `store = EXPR`.
    pub fn of(store: &Shared) -> Self {
        Self(Ok(store.clone()))
    }
}
