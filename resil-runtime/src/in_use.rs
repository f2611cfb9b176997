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

    use crate::instead::{Found, Instead};
    use crate::sync::OnceLock;

    /// A reference to the settings in use. They stay as they are as long as it lives.
    #[derive(Debug)]
    pub(crate) enum Ref<'a, T> {
        Written(&'a T),
        Instead(Found<T>),
    }

    impl<T> Deref for Ref<'_, T> {
        type Target = T;

        #[inline(always)]
        fn deref(&self) -> &T {
            match self {
                Self::Written(settings) => settings,
                Self::Instead(instead) => instead,
            }
        }
    }

    /// The settings in use.
    #[derive(Debug)]
    pub(crate) struct InUse<T> {
        written: OnceLock<T>,
        instead: Instead<T>,
    }

    impl<T> InUse<T> {
        pub(crate) fn new() -> Self {
            Self {
                written: OnceLock::new(),
                instead: Instead::new(),
            }
        }

        #[inline(always)]
        pub(crate) fn get(&self) -> Option<Ref<'_, T>> {
            match self.instead.get() {
                Some(instead) => Some(Ref::Instead(instead)),
                None => self.written.get().map(Ref::Written),
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

        /// Returns whether others stand in the place of the settings that were given.
        pub(crate) fn is_replaced(&self) -> bool {
            self.instead.is_there()
        }

        /// Puts others in the place of the settings that were given, or, with `None`, takes them away.
        pub(crate) fn replace(&self, instead: Option<T>) {
            self.instead.change().set(instead.map(Arc::new));
        }

        /// Returns whether `base` has had others put in place since these [followed](Self::follow) it.
        pub(crate) fn is_behind(&self, base: &Self) -> bool {
            base.instead.is_newer_than(&self.instead)
        }

        /// Puts what stands in the place of the settings of `base` in the place of these, as `make` makes it.
        /// Returns false if that was done before.
        pub(crate) fn follow(&self, base: &Self, make: impl FnOnce(&T) -> T) -> bool {
            self.instead.follow(&base.instead, |changing, instead| {
                changing.set(instead.map(|of| Arc::new(make(&of))));
            })
        }
    }
}
