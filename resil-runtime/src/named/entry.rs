//! The state of a name, together with those of its keys.

use std::fmt::Display;
use std::ops::Deref;
#[cfg(all(feature = "control", not(loom)))]
use std::sync::{Mutex, PoisonError};

use super::keys::Keys;
#[cfg(all(feature = "control", not(loom)))]
use super::{Called, Edited};
use super::{KeyText, Shared};
#[cfg(all(feature = "control", not(loom)))]
use crate::event::hold;
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
    /// Held while settings are made and put in force: otherwise those that were made first could come last, and stay.
    #[cfg(all(feature = "control", not(loom)))]
    editing: Mutex<()>,
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
            editing: Mutex::new(()),
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
        let holding = hold();
        let editing = self.editing.lock().unwrap_or_else(PoisonError::into_inner);
        let Edited { policy, then } = edit(self.called(), self.written.get());
        self.own.0.replace(policy.as_ref(), is_new);
        for key in self.of_all_keys() {
            key.adopt_of(self);
        }
        drop(editing);
        drop(holding);
        then();
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

#[cfg(all(test, feature = "control", not(loom)))]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
    use std::thread;
    use std::time::Duration;

    use super::*;
    use crate::rate_limit::RateLimitPolicy;
    use crate::rate_limit::limit::Limit;

    /// What the settings say.
    static MAX: AtomicU32 = AtomicU32::new(20);
    static SEEN: Barrier = Barrier::new(2);

    /// The first edit sees settings that are replaced, and those put in force, before it goes on.
    fn slow_at_first(_: Called, _: Option<&RateLimitPolicy>) -> Edited<RateLimitPolicy> {
        let max = MAX.load(SeqCst);
        if max == 20 {
            SEEN.wait();
            thread::park_timeout(Duration::from_millis(100));
        }
        Edited {
            policy: Some(RateLimitPolicy::new().max(max)),
            then: Box::new(|| ()),
        }
    }

    #[test]
    fn the_latest_settings_stay() {
        let named: &'static Named<Limit> = Box::leak(Box::new(Named::new("entry.tests")));
        let key = named.of_key(&"key");
        thread::scope(|scope| {
            scope.spawn(|| named.edit(slow_at_first, false));
            SEEN.wait();
            MAX.store(30, SeqCst);
            named.edit(slow_at_first, false);
        });
        for limit in [&**named, &*key] {
            assert_eq!(limit.settings().unwrap().max, 30);
        }
    }

    /// What is left to do may tell listeners, who may change the settings of that name.
    #[test]
    fn what_is_left_to_do_is_done_with_no_lock_held() {
        static NAMED: OnceLock<Named<Limit>> = OnceLock::new();
        fn once_more(_: Called, _: Option<&RateLimitPolicy>) -> Edited<RateLimitPolicy> {
            Edited {
                policy: Some(RateLimitPolicy::new().max(2)),
                then: Box::new(|| ()),
            }
        }
        fn and_more(_: Called, _: Option<&RateLimitPolicy>) -> Edited<RateLimitPolicy> {
            Edited {
                policy: Some(RateLimitPolicy::new().max(1)),
                then: Box::new(|| NAMED.get().unwrap().edit(once_more, false)),
            }
        }
        let named = NAMED.get_or_init(|| Named::new("entry.tests.then"));
        named.edit(and_more, false);
        assert_eq!(named.settings().unwrap().max, 2);
    }
}
