//! State that is found by name: breakers, bulkheads, rate limits.
//!
//! All who give one name share its state over the whole process; the state of a function without a
//! name belongs to the function. Under a name there may be a state for each key, up to a bound.
//! Settings are adopted from the first function that gives some; others that differ are a
//! [conflict](crate::conflict).
//!
//! A policy implements [`Shared`] for its state. [`Names`] finds the state of a name, [`Keys`] that of
//! a key under it, and [`NamedSite`] that of an annotated function.

#[cfg(all(feature = "control", not(loom)))]
mod edit;
mod entry;
mod held;
pub(crate) mod key;
mod key_text;
pub(crate) mod keys;
mod names;
mod registry;
mod site;

use std::fmt;
use std::sync::Arc;

use crate::conflict::ConflictKind;

#[cfg(all(feature = "control", not(loom)))]
pub(crate) use self::edit::{Called, Edit, Edited};
pub(crate) use self::entry::Named;
pub(crate) use self::held::Held;
pub(crate) use self::key_text::KeyText;
pub(crate) use self::keys::Keys;
pub use self::names::MAX_BY_HAND;
pub(crate) use self::names::{Names, configure};
pub use self::registry::{Registry, registry};
pub(crate) use self::site::{NamedSite, site_of_named_state};

/// The key of the state that new keys share when all places are taken.
///
/// It is also the name of the state that all further names share once [`MAX_BY_HAND`] names were
/// made manually.
pub const OVERFLOW: &str = "(overflow)";

/// Stands for the function where settings were given, or a call was made, manually.
pub(crate) const MANUAL: &str = "(by hand)";

/// The state of one name, or of one key under a name.
pub(crate) trait Shared: fmt::Debug + Send + Sync + Sized + 'static {
    /// The settings that a function gives.
    type Policy: fmt::Debug + Copy + Send + Sync + 'static;

    /// The subject of a conflict of two settings.
    const KIND: ConflictKind;

    /// Returns the names of this kind of state.
    fn names() -> &'static Names<Self>;

    /// Creates the state called `name`, with the default settings.
    fn new(name: &'static str) -> Self;

    /// Creates the state of `key` under the name of `base`.
    fn keyed(base: &'static Self, key: Arc<str>) -> Self;

    /// Returns the name, which all its keys share.
    fn name(&self) -> &'static str;

    /// Returns the key, if this is the state of one.
    fn key(&self) -> Option<&Arc<str>>;

    /// Adopts the settings of `function`, if none are in use.
    ///
    /// # Errors
    ///
    /// Returns the function whose settings are in use, if they differ.
    fn adopt(&self, policy: &Self::Policy, function: &'static str) -> Result<(), &'static str>;

    /// Adopts the settings of `base`, the state of the name that this key is under, once `base` has
    /// some.
    fn adopt_of(&self, base: &Self);

    /// Puts the settings of `policy` in the place of those that were adopted, or takes these again. With
    /// `is_new` those were adopted just now, and nobody went by them.
    #[cfg(all(feature = "control", not(loom)))]
    fn replace(&self, policy: Option<&Self::Policy>, is_new: bool);

    /// Begins as the states of the name and of all its keys were forced to manually. It is the state of a key
    /// that others can't find yet.
    #[cfg(all(feature = "control", not(loom)))]
    fn begin_forced(&self) {}

    /// Returns the greatest number of keys under this name.
    fn max_keys(&self) -> u32;

    /// Returns whether the state, which nobody holds, may give its place to that of a new key. `now` is
    /// the time in milliseconds.
    fn rest(&self, now: u64) -> Rest;
}

/// Whether a state that nobody holds may give its place to that of a new key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    /// It may: a new state would be the same.
    Idle,
    /// It may if no other one is at rest: what it knows is of no use any more.
    Over,
    /// It may not.
    Busy,
}
