//! The stores that are installed: one for the process, and those that have a name.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use super::call_store::CallStore;
use super::store::{StoreError, StoreErrorKind};

/// The store of the process. `None` within: it is the one in memory for good, since a call came
/// before a store was installed.
static DEFAULT: OnceLock<Option<Arc<dyn CallStore>>> = OnceLock::new();
static NAMED: RwLock<Option<HashMap<String, Arc<dyn CallStore>>>> = RwLock::new(None);

/// Why a store could not be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotInstalled {
    /// A store was installed before.
    Installed,
    /// A call has used the store in memory already.
    InUse,
}

/// Installs the store of the process.
///
/// # Errors
///
/// If one is installed, or a call has used the store in memory.
pub fn install_default(store: Arc<dyn CallStore>) -> Result<(), NotInstalled> {
    DEFAULT.set(Some(store)).map_err(|_| match DEFAULT.get() {
        Some(Some(_)) => NotInstalled::Installed,
        _ => NotInstalled::InUse,
    })
}

/// Installs a store under a name.
///
/// # Errors
///
/// If a store of that name is installed.
pub fn install_under(name: String, store: Arc<dyn CallStore>) -> Result<(), NotInstalled> {
    let mut named = NAMED.write().unwrap_or_else(PoisonError::into_inner);
    match named.get_or_insert_default().entry(name) {
        Entry::Vacant(entry) => {
            entry.insert(store);
            Ok(())
        }
        Entry::Occupied(_) => Err(NotInstalled::Installed),
    }
}

/// Returns the installed store of the process. If there is none, returns `None`, and the store in
/// memory is the store of the process for good.
pub fn installed() -> Option<&'static Arc<dyn CallStore>> {
    DEFAULT.get_or_init(|| None).as_ref()
}

/// Returns the store that is installed under `name`.
///
/// # Errors
///
/// If there is none of that name.
pub fn installed_under(name: &str) -> Result<Arc<dyn CallStore>, StoreError> {
    let named = NAMED.read().unwrap_or_else(PoisonError::into_inner);
    let store = named.as_ref().and_then(|named| named.get(name)).cloned();
    store.ok_or_else(|| {
        let fault = "no store of that name; call `install_named` at start";
        StoreError::new(name.to_owned(), StoreErrorKind::Misconfigured, fault)
    })
}
