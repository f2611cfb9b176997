//! The choice of the store for a site: the one that is installed for the process, one that is
//! installed under a name, or one that the attribute names.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use resil_runtime::__private::stores::{
    CallStore, NotInstalled, install_default, install_under, installed, installed_under,
};
use resil_runtime::idempotency::store::StoreError;

use crate::shared::Shared;

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

impl InstallError {
    fn of(why: NotInstalled) -> Self {
        match why {
            NotInstalled::Installed => Self::Installed,
            NotInstalled::InUse => Self::InUse,
        }
    }
}

/// Installs `store` for all sites whose attribute names no `store`, in place of the one in memory.
/// To be called once, at start, before the first call.
///
/// # Errors
///
/// [`InstallError::Installed`] if a store is installed already, [`InstallError::InUse`] if a call
/// has used the store in memory.
pub fn install(store: Shared) -> Result<(), InstallError> {
    install_default(Arc::new(store)).map_err(InstallError::of)
}

/// Installs `store` for all sites with `store = "name"`.
///
/// # Errors
///
/// [`InstallError::Installed`] if a store of that name is installed already.
pub fn install_named(name: impl Into<String>, store: Shared) -> Result<(), InstallError> {
    install_under(name.into(), Arc::new(store)).map_err(InstallError::of)
}

/// Returns the installed store of the process. If there is none, returns `None`, and the store in
/// memory is the store of the process for good.
pub(crate) fn default_store() -> Option<&'static Shared> {
    static DEFAULT: OnceLock<Option<Shared>> = OnceLock::new();
    DEFAULT
        .get_or_init(|| installed().map(|store| shared(&**store)))
        .as_ref()
}

/// Returns an installed store as the type that it has: stores are installed by this crate alone.
fn shared(store: &dyn CallStore) -> Shared {
    let any: &dyn Any = store;
    match any.downcast_ref::<Shared>() {
        Some(shared) => shared.clone(),
        None => unreachable!("every installed store is a `Shared`"),
    }
}

/// The store that an attribute names, or why there is none.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct StoreChoice(pub(crate) Result<Shared, StoreError>);

impl StoreChoice {
    /// Returns the store of `store = "name"`.
    pub fn named(name: &str) -> Self {
        Self(installed_under(name).map(|store| shared(&*store)))
    }

    /// Returns the store of `store = EXPR`.
    pub fn of(store: &Shared) -> Self {
        Self(Ok(store.clone()))
    }
}
