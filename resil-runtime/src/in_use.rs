//! The settings in use of a state that is found by name: those of the first function that gave some, and,
//! with the feature `control`, others that stand in their place.

#[cfg(all(feature = "control", not(loom)))]
pub(crate) use self::replaced::{InUse, Ref};
#[cfg(not(all(feature = "control", not(loom))))]
pub(crate) use self::written::{InUse, Ref};

#[cfg(not(all(feature = "control", not(loom))))]
mod written {
    use crate::sync::OnceLock;

    /// A reference to the settings in use.
    pub(crate) type Ref<'a, T> = &'a T;

    /// The settings in use.
    #[derive(Debug)]
    pub(crate) struct InUse<T>(OnceLock<T>);

    impl<T> InUse<T> {
        pub(crate) fn new() -> Self {
            Self(OnceLock::new())
        }

        #[inline(always)]
        pub(crate) fn get(&self) -> Option<Ref<'_, T>> {
            self.0.get()
        }

        /// Returns the settings in use, or `default`.
        #[inline(always)]
        pub(crate) fn get_or<'a>(&'a self, default: &'a T) -> Ref<'a, T> {
            self.0.get().unwrap_or(default)
        }

        /// Returns the settings that were given first.
        pub(crate) fn written(&self) -> Option<&T> {
            self.0.get()
        }

        /// Returns the settings that were given first; gives those of `init` if there are none.
        pub(crate) fn get_or_init(&self, init: impl FnOnce() -> T) -> &T {
            self.0.get_or_init(init)
        }
    }
}

#[cfg(all(feature = "control", not(loom)))]
mod replaced {
    use std::ops::Deref;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    use arc_swap::{ArcSwapOption, Guard};

    use crate::sync::OnceLock;

    /// A reference to the settings in use. They stay as they are as long as it lives.
    #[derive(Debug)]
    pub(crate) enum Ref<'a, T> {
        Written(&'a T),
        /// Never `None`.
        Instead(Guard<Option<Arc<T>>>),
    }

    impl<T> Deref for Ref<'_, T> {
        type Target = T;

        #[inline(always)]
        fn deref(&self) -> &T {
            match self {
                Self::Written(settings) => settings,
                Self::Instead(instead) => match instead.as_deref() {
                    Some(settings) => settings,
                    None => unreachable!("it is made of settings alone"),
                },
            }
        }
    }

    /// The settings in use.
    #[derive(Debug)]
    pub(crate) struct InUse<T> {
        written: OnceLock<T>,
        /// Whether others may stand in their place. It is read before the pointer, which costs more.
        is_replaced: AtomicBool,
        instead: ArcSwapOption<T>,
        version: AtomicU64,
    }

    /// Tells two replacements apart.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct Version(u64);

    impl<T> InUse<T> {
        pub(crate) fn new() -> Self {
            Self {
                written: OnceLock::new(),
                is_replaced: AtomicBool::new(false),
                instead: ArcSwapOption::const_empty(),
                version: AtomicU64::new(0),
            }
        }

        #[inline(always)]
        pub(crate) fn get(&self) -> Option<Ref<'_, T>> {
            if self.is_replaced.load(Ordering::Acquire) {
                return self.replaced();
            }
            self.written.get().map(Ref::Written)
        }

        #[inline(never)]
        fn replaced(&self) -> Option<Ref<'_, T>> {
            let instead = self.instead.load();
            if instead.is_some() {
                Some(Ref::Instead(instead))
            } else {
                self.written.get().map(Ref::Written)
            }
        }

        /// Returns the settings in use, or `default`.
        #[inline(always)]
        pub(crate) fn get_or<'a>(&'a self, default: &'a T) -> Ref<'a, T> {
            self.get().unwrap_or(Ref::Written(default))
        }

        /// Returns the settings that were given first.
        pub(crate) fn written(&self) -> Option<&T> {
            self.written.get()
        }

        /// Returns the settings that were given first; gives those of `init` if there are none.
        pub(crate) fn get_or_init(&self, init: impl FnOnce() -> T) -> &T {
            self.written.get_or_init(init)
        }

        /// Returns the settings that stand in the place of those that were given.
        pub(crate) fn instead_of_written(&self) -> Option<Arc<T>> {
            self.instead.load_full()
        }

        /// Puts others in the place of the settings that were given, or, with `None`, takes them away.
        pub(crate) fn replace(&self, instead: Option<Arc<T>>) {
            let is_replaced = instead.is_some();
            self.instead.store(instead);
            self.is_replaced.store(is_replaced, Ordering::Release);
            self.version.fetch_add(1, Ordering::AcqRel);
        }

        pub(crate) fn version(&self) -> Version {
            Version(self.version.load(Ordering::Acquire))
        }

        /// Notes that the settings follow those of that version of another state.
        pub(crate) fn follows(&self, version: Version) {
            self.version.store(version.0, Ordering::Release);
        }
    }
}
