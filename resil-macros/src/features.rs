//! What the features of the package change in an expansion.
//!
//! The tests of this crate read expansions: whatever the features, they get those without, unless they ask.

#[cfg(test)]
use std::cell::Cell;

#[cfg(test)]
thread_local! {
    /// Whether a test asks for what the features add.
    static ASKED: Cell<bool> = const { Cell::new(false) };
    /// Whether a test asks for what the feature `catalog` adds.
    static LISTED: Cell<bool> = const { Cell::new(false) };
    /// Whether a test asks for what the feature `observe` adds.
    static SEEN: Cell<bool> = const { Cell::new(false) };
    /// Whether a test asks for settings that can be changed.
    static CONTROLLED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `f` as if the feature `control` were on.
#[cfg(test)]
pub(crate) fn controlled<R>(f: impl FnOnce() -> R) -> R {
    CONTROLLED.set(true);
    let out = f();
    CONTROLLED.set(false);
    out
}

/// Runs `f` as if the features were on.
#[cfg(test)]
pub(crate) fn on<R>(f: impl FnOnce() -> R) -> R {
    ASKED.set(true);
    let out = f();
    ASKED.set(false);
    out
}

/// Runs `f` as if the feature `catalog` were on, and no other.
#[cfg(test)]
pub(crate) fn listed<R>(f: impl FnOnce() -> R) -> R {
    LISTED.set(true);
    let out = f();
    LISTED.set(false);
    out
}

/// Runs `f` as if the feature `observe` were on, and no other.
#[cfg(test)]
pub(crate) fn observed<R>(f: impl FnOnce() -> R) -> R {
    SEEN.set(true);
    let out = f();
    SEEN.set(false);
    out
}

/// Whether waits can be ended from outside: by a scope that is cancelled, or by a shutdown.
pub(crate) fn ends_waits() -> bool {
    #[cfg(test)]
    return ASKED.get();
    #[cfg(not(test))]
    cfg!(feature = "cancel")
}

/// Whether the calls in flight are counted.
pub(crate) fn counts_calls() -> bool {
    #[cfg(test)]
    return ASKED.get();
    #[cfg(not(test))]
    cfg!(feature = "shutdown")
}

/// Whether functions are listed in the catalog, with who calls whom.
pub(crate) fn lists_functions() -> bool {
    #[cfg(test)]
    return LISTED.get();
    #[cfg(not(test))]
    cfg!(feature = "catalog")
}

/// Whether calls and their attempts are seen: for statistics, metrics and spans.
pub(crate) fn observes() -> bool {
    #[cfg(test)]
    return SEEN.get();
    #[cfg(not(test))]
    cfg!(feature = "observe")
}

/// Whether the settings of a function can be changed while the program runs.
pub(crate) fn controls() -> bool {
    #[cfg(test)]
    return CONTROLLED.get();
    #[cfg(not(test))]
    cfg!(feature = "control")
}
