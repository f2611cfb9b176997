//! The stores that sites use: that of the process, one by name, or one of the site's own.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{OnceLock, PoisonError, RwLock};

use resil_runtime::idempotency::store::{StoreError, StoreErrorKind};

use crate::shared::Shared;

/// `None`: the store in memory, since a call came before anything was installed.
static DEFAULT: OnceLock<Option<Shared>> = OnceLock::new();
static NAMED: RwLock<Option<HashMap<String, Shared>>> = RwLock::new(None);

/// Why a store could not be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// Another store was installed before.
    #[error("an idempotency store is installed already; install it once, at start")]
    Installed,
    /// A call has used the store in memory.
    #[error(
        "the idempotency store in memory is in use already; install yours before the first call"
    )]
    InUse,
}

/// Makes `store` the one of all sites without a `store` of their own, in place of the one in memory:
/// once, at start, before the first call.
///
/// # Errors
///
/// If one is installed already, or a call has used the store in memory.
pub fn install(store: Shared) -> Result<(), InstallError> {
    DEFAULT.set(Some(store)).map_err(|_| match DEFAULT.get() {
        Some(Some(_)) => InstallError::Installed,
        _ => InstallError::InUse,
    })
}

/// Makes `store` the one of all sites with `store = "name"`.
///
/// # Errors
///
/// If a store of that name is installed already.
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

/// Returns the installed store. If there is none, the one in memory is used from now on for good.
pub(crate) fn default_store() -> Option<&'static Shared> {
    DEFAULT.get_or_init(|| None).as_ref()
}

/// The store of a site that has one of its own.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct StoreChoice(pub(crate) Result<Shared, StoreError>);

impl StoreChoice {
    /// `store = "name"`.
    pub fn named(name: &str) -> Self {
        let named = NAMED.read().unwrap_or_else(PoisonError::into_inner);
        let store = named.as_ref().and_then(|named| named.get(name)).cloned();
        Self(store.ok_or_else(|| {
            let fault = "no store of that name; call `install_named` at start";
            StoreError::new(name.to_owned(), StoreErrorKind::Misconfigured, fault)
        }))
    }

    /// `store = EXPR`.
    pub fn of(store: &Shared) -> Self {
        Self(Ok(store.clone()))
    }
}
