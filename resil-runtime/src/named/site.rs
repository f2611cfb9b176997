//! The state that an annotated function finds by its name or by its own path.

use std::fmt::Display;
use std::ptr::{self, NonNull};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::{KeyText, Named, Shared, configure};
use crate::call::Site;
use crate::sync::Arc;

/// The static state of one annotated function: the state of its name, once it has been called.
#[derive(Debug)]
pub(crate) struct NamedSite<T: Shared> {
    site: &'static Site,
    name: Option<&'static str>,
    shared: OnceLock<&'static Named<T>>,
    /// The settings of the instance that called last, if they are those in use; or [`conflict`].
    instance: AtomicPtr<T::Policy>,
}

/// Stands in place of an instance's settings once a conflict of two instances was noted. No settings
/// have this address.
fn conflict<P>() -> *mut P {
    NonNull::dangling().as_ptr()
}

impl<T: Shared> NamedSite<T> {
    // Constants, so that the compiler evaluates them once and not for each annotated function.
    #[expect(
        clippy::declare_interior_mutable_const,
        reason = "each static has a copy of its own"
    )]
    const SHARED: OnceLock<&'static Named<T>> = OnceLock::new();
    #[expect(
        clippy::declare_interior_mutable_const,
        reason = "each static has a copy of its own"
    )]
    const INSTANCE: AtomicPtr<T::Policy> = AtomicPtr::new(ptr::null_mut());

    /// Creates the state of `site`; `name` is a name shared with others.
    pub(crate) const fn new(site: &'static Site, name: Option<&'static str>) -> Self {
        Self {
            site,
            name,
            shared: Self::SHARED,
            instance: Self::INSTANCE,
        }
    }

    /// Returns the annotated function.
    #[inline(always)]
    pub(crate) fn site(&self) -> &'static Site {
        self.site
    }

    /// Returns the state of the name, if a call or somebody else has made it.
    #[cfg(feature = "catalog")]
    pub(crate) fn known(&self) -> Option<&'static Named<T>> {
        let shared = self.shared.get().copied();
        shared.or_else(|| T::names().find(self.name?))
    }

    /// Returns the name shared with others, if the function gives one.
    #[cfg(feature = "store")]
    pub(crate) fn name(&self) -> Option<&'static str> {
        self.name
    }

    /// Returns the state of the name.
    ///
    /// `policy` holds the settings of the function; it is `None` if only a name was given. The first
    /// call of the site reads it; all instances of a generic function are one site.
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn get(&self, policy: Option<&T::Policy>) -> &'static Named<T> {
        match self.shared.get() {
            Some(shared) => shared,
            None => self.register(policy),
        }
    }

    /// Registers the site. It does so outside of the `OnceLock`'s initialiser: registering may tell
    /// listeners, and one of them may call this very function.
    #[cold]
    #[inline(never)]
    fn register(&self, policy: Option<&T::Policy>) -> &'static Named<T> {
        let shared = T::names().register(self.site, self.name, policy);
        self.shared.get_or_init(|| shared)
    }

    /// Returns the state of `key`. It keeps its place until the result is dropped.
    pub(crate) fn keyed(
        &self,
        policy: Option<&T::Policy>,
        key: &(impl Display + ?Sized),
    ) -> Arc<T> {
        // The key's `Display` is the user's code: it runs first, with no lock held.
        KeyText::with(key, |text| self.get(policy).keys().get(text))
    }

    /// Returns `policy` unchanged, after comparing it with the settings in use. Generated code
    /// calls it before each call of a function whose settings may depend on a generic. All
    /// instances are one site, and different settings of two instances are a conflict, as those of
    /// two functions are.
    ///
    /// An instance is recognised by the address of its settings. The compiler may place them
    /// several times, in different codegen units: then they are compared once more.
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn instance(
        &self,
        policy: Option<&'static T::Policy>,
    ) -> Option<&'static T::Policy> {
        if let Some(policy) = policy
            && !ptr::eq(self.instance.load(Ordering::Relaxed), policy)
        {
            self.compare(policy);
        }
        policy
    }

    #[cold]
    #[inline(never)]
    fn compare(&self, policy: &'static T::Policy) {
        if self.instance.load(Ordering::Relaxed) == conflict() {
            return;
        }
        let same = configure(self.get(Some(policy)), policy, self.site.name());
        let policy = ptr::from_ref(policy).cast_mut();
        // A conflict is listed once for the function: from there on nothing is compared any more.
        let seen = if same { policy } else { conflict() };
        self.instance.store(seen, Ordering::Relaxed);
    }
}

/// Writes the methods that the site of each policy with named state has: `$site` has the fields `named`
/// and `types`, and those of its own that are given.
macro_rules! site_of_named_state {
    ($site:ident, $policy:ty, $what:literal $(, $field:ident: $ty:ty = $value:expr)?) => {
        impl $site {
            #[doc = concat!("Creates the state of `site`; `name` is the name of a ", $what, " shared with others.")]
            #[expect(
                clippy::declare_interior_mutable_const,
                reason = "each static has a copy of its own"
            )]
            pub const fn new(site: &'static Site, name: Option<&'static str>) -> Self {
                // Constants, so that the compiler evaluates them once and not for each annotated function.
                const TYPES: PerType<$site> = PerType::new();
                $(const OWN: $ty = $value;)?

                Self {
                    named: NamedSite::new(site, name),
                    $($field: OWN,)?
                    types: TYPES,
                }
            }

            #[doc = concat!("Returns the state for the `Self` of `types`. It is for a ", $what, " without a name: a named one is shared by all types.")]
            #[cfg_attr(debug_assertions, inline)]
            #[cfg_attr(not(debug_assertions), inline(always))]
            pub fn of(&'static self, types: Option<Types>) -> &'static Self {
                let make = |site| Self::new(site, None);
                self.types.of(self, self.named.site(), types, make)
            }

            /// Returns `policy` unchanged, after comparing it with the settings in use. Generated code
            /// calls it before each call of a function whose settings may depend on a generic.
            #[cfg_attr(debug_assertions, inline)]
            #[cfg_attr(not(debug_assertions), inline(always))]
            pub fn instance(
                &'static self,
                policy: Option<&'static $policy>,
            ) -> Option<&'static $policy> {
                self.named.instance(policy)
            }
        }
    };
}
pub(crate) use site_of_named_state;
