//! The state of a name, together with those of its keys.

use std::fmt::Display;
use std::ops::Deref;

#[cfg(all(feature = "control", not(loom)))]
use super::Called;
use super::keys::Keys;
use super::{KeyText, Shared};
use crate::sync::{Arc, Line, OnceLock};

/// The state of a name, and the states of its keys.
#[derive(Debug)]
pub(crate) struct Named<T: Shared> {
    /// On lines of its own: what stands beside it in memory may be written to by others.
    own: Line<T>,
    /// The states of the keys, made when a key is first asked for.
    keys: OnceLock<Box<Keys<T>>>,
    /// The settings that were adopted.
    #[cfg(all(feature = "control", not(loom)))]
    written: OnceLock<T::Policy>,
    /// The function that it belongs to, if it has no name of its own.
    #[cfg(all(feature = "control", not(loom)))]
    function: OnceLock<&'static str>,
}

impl<T: Shared> Deref for Named<T> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        &self.own.0
    }
}

impl<T: Shared> Named<T> {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            own: Line(T::new(name)),
            keys: OnceLock::new(),
            #[cfg(all(feature = "control", not(loom)))]
            written: OnceLock::new(),
            #[cfg(all(feature = "control", not(loom)))]
            function: OnceLock::new(),
        }
    }

    /// Adopts the settings of `function`, if none are in use.
    ///
    /// # Errors
    ///
    /// Returns the function whose settings are in use, if they differ.
    pub(crate) fn adopt(
        &self,
        policy: &T::Policy,
        function: &'static str,
    ) -> Result<(), &'static str> {
        let adopted = self.own.0.adopt(policy, function);
        #[cfg(all(feature = "control", not(loom)))]
        if adopted.is_ok() {
            let _ = self.written.set(*policy);
        }
        adopted
    }

    /// Puts the settings that `edit` makes of those that were adopted in their place, also for the keys. With
    /// `is_new` those were adopted just now.
    #[cfg(all(feature = "control", not(loom)))]
    pub(crate) fn edit(&self, edit: super::Edit<T::Policy>, is_new: bool) {
        let policy = edit(self.called(), self.written.get());
        self.own.0.replace(policy.as_ref(), is_new);
        for key in self.of_all_keys() {
            key.adopt_of(self);
        }
    }

    /// Notes that it belongs to that function.
    #[cfg(all(feature = "control", not(loom)))]
    pub(super) fn belongs_to(&self, function: &'static str) {
        let _ = self.function.set(function);
    }

    /// Returns what it is called in settings from outside.
    #[cfg(all(feature = "control", not(loom)))]
    pub(crate) fn called(&self) -> Called {
        let name = self.name();
        let function = self.function.get().copied().unwrap_or(name);
        Called { name, function }
    }

    /// Returns the settings that were adopted.
    #[cfg(all(feature = "control", not(loom)))]
    pub(crate) fn written(&self) -> Option<&T::Policy> {
        self.written.get()
    }

    /// Returns the state of `key`, and makes it if there is none. It keeps its place until the result is
    /// dropped.
    pub(crate) fn of_key(&'static self, key: &impl Display) -> Arc<T> {
        // The key's `Display` is the user's code: it runs with no lock held.
        KeyText::with(key, |text| self.keys().get(text))
    }

    /// Returns the state of a key as [`of_key`](Self::of_key) does, whose text is there already; `None` if it is no
    /// UTF-8.
    #[cfg(all(feature = "edge", not(loom)))]
    pub(crate) fn of_bytes(&'static self, key: &[u8]) -> Option<Arc<T>> {
        if key.len() <= KeyText::LONGEST {
            return self.keys().get_bytes(key);
        }
        Some(self.of_key(&str::from_utf8(key).ok()?))
    }

    /// Returns the states of all keys, in no order.
    pub(crate) fn of_all_keys(&self) -> Vec<Arc<T>> {
        self.known_keys().map(Keys::all).unwrap_or_default()
    }

    /// Returns `look` at the state of the name, and at those of its keys, in no order. It runs with no lock
    /// held.
    #[cfg(feature = "catalog")]
    pub(crate) fn look<S>(&self, look: impl Fn(&T) -> S) -> (S, Vec<S>) {
        let keys = self.of_all_keys();
        let keys = keys.iter().map(|state| look(state)).collect();
        (look(self), keys)
    }

    /// Returns the states of its keys, if it ever had any.
    pub(crate) fn known_keys(&self) -> Option<&Keys<T>> {
        self.keys.get().map(Box::as_ref)
    }

    /// Returns the states of its keys.
    pub(crate) fn keys(&'static self) -> &'static Keys<T> {
        self.keys.get_or_init(|| Box::new(Keys::new(self)))
    }
}
