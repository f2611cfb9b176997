//! A separate state of a site for each `Self` type of an annotated method.

use std::sync::OnceLock;

use super::site::Site;
use super::types::Types;

/// The states of a site for all `Self` types but the first. The number of instances in the program
/// bounds their number.
#[derive(Debug)]
pub(crate) struct PerType<S: 'static> {
    /// The instance that was called first: the site's own state belongs to its `Self`.
    first: OnceLock<First>,
    /// The head of a list that only grows.
    others: OnceLock<&'static Other<S>>,
}

#[derive(Debug)]
struct First {
    instance: &'static str,
    /// The `Self` of the instance, as [`Types::this`] returns it.
    this: Option<&'static str>,
}

#[derive(Debug)]
struct Other<S: 'static> {
    this: &'static str,
    state: S,
    next: OnceLock<&'static Self>,
}

impl<S> PerType<S> {
    pub(crate) const fn new() -> Self {
        Self {
            first: OnceLock::new(),
            others: OnceLock::new(),
        }
    }

    /// Returns the state for the `Self` of `types`: `own` for the first type, and for each other one a
    /// state that `make` creates for its site, which is shown with its type:
    /// `<app::Visa as app::Pay>::charge`.
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn of(
        &'static self,
        own: &'static S,
        site: &'static Site,
        types: Option<Types>,
        make: fn(&'static Site) -> S,
    ) -> &'static S {
        match types {
            Some(types) if !self.is_first(types.instance()) => {
                self.of_another(own, site, types, make)
            }
            _ => own,
        }
    }

    /// Returns `own` and the states of the other `Self` types.
    #[cfg(feature = "catalog")]
    pub(crate) fn with(&'static self, own: &'static S) -> impl Iterator<Item = &'static S> {
        let first = self.others.get().copied();
        let others = std::iter::successors(first, |other| other.next.get().copied());
        std::iter::once(own).chain(others.map(|other| &other.state))
    }

    #[inline(never)]
    fn of_another(
        &'static self,
        own: &'static S,
        site: &'static Site,
        types: Types,
        make: fn(&'static Site) -> S,
    ) -> &'static S {
        let make = || {
            let site = Site::of_type(types.function(), site);
            make(Box::leak(Box::new(site)))
        };
        self.other(types.instance(), types.this(), make)
            .unwrap_or(own)
    }

    /// Returns whether `instance`, the path of a closure in the function, is that of the first
    /// instance. It compares addresses of names and not the names, to make the common case cheap.
    #[inline]
    pub(crate) fn is_first(&self, instance: &'static str) -> bool {
        let first = self.first.get();
        first.is_some_and(|first| std::ptr::eq(first.instance, instance))
    }

    /// Returns the state for `this`, the `Self` of `instance`, and makes it if there is none. Returns
    /// `None` if the site's own state belongs to that `Self`.
    #[inline(never)]
    pub(crate) fn other(
        &self,
        instance: &'static str,
        this: Option<&'static str>,
        make: impl Fn() -> S,
    ) -> Option<&'static S> {
        let first = self.first.get_or_init(|| First { instance, this });
        // Without a `Self`, the instances differ in the function's own arguments alone.
        let this = this.filter(|this| first.this != Some(this))?;
        let mut place = &self.others;
        loop {
            let other = *place.get_or_init(|| {
                Box::leak(Box::new(Other {
                    this,
                    state: make(),
                    next: OnceLock::new(),
                }))
            });
            if other.this == this {
                return Some(&other.state);
            }
            place = &other.next;
        }
    }
}
