//! The annotated function that a stack belongs to, and the name it is shown by.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock, PoisonError};

#[cfg(feature = "catalog")]
use super::callers::Callers;
#[cfg(feature = "shutdown")]
use super::in_flight::Counts;
#[cfg(feature = "counts")]
use crate::clock;
use crate::observe::count::Count;
#[cfg(feature = "counts")]
use crate::observe::slice::slice_of;
#[cfg(feature = "counts")]
use crate::observe::tally::Tally;

/// The annotated function that a stack of policies belongs to.
///
/// Generated code makes one static for each function; all instances of a generic function share it.
#[derive(Debug)]
pub struct Site {
    function: &'static str,
    line: u32,
    /// The function, if this is the site of one of its `Self` types.
    #[cfg(all(feature = "control", not(loom)))]
    of: Option<&'static Self>,
    /// The name of the site, chosen when it is first shown.
    name: OnceLock<&'static str>,
    /// Whether a wait of the function has blocked the poll of a task, and was told.
    has_blocked: AtomicBool,
    /// The functions that have called this one.
    #[cfg(feature = "catalog")]
    callers: Callers<Self>,
    /// The calls in flight, once there was one.
    #[cfg(feature = "shutdown")]
    counts: OnceLock<&'static Counts>,
    /// What its calls did, once there was one.
    #[cfg(feature = "counts")]
    tally: OnceLock<&'static Tally>,
}

impl Site {
    /// Creates a site that is shown as `function`, its module path and name. `line` tells apart two
    /// functions of one name.
    pub const fn new(function: &'static str, line: u32) -> Self {
        Self {
            function,
            line,
            #[cfg(all(feature = "control", not(loom)))]
            of: None,
            name: OnceLock::new(),
            has_blocked: AtomicBool::new(false),
            #[cfg(feature = "catalog")]
            callers: Callers::new(),
            #[cfg(feature = "shutdown")]
            counts: OnceLock::new(),
            #[cfg(feature = "counts")]
            tally: OnceLock::new(),
        }
    }

    /// Creates the site of a `Self` type of the function of `site`, with the path that has the type.
    pub(crate) fn of_type(function: &'static str, site: &'static Self) -> Self {
        Self {
            #[cfg(all(feature = "control", not(loom)))]
            of: Some(site),
            ..Self::new(function, site.line)
        }
    }

    /// Returns the site of the function, of which this one may be a `Self` type's.
    #[cfg(all(feature = "control", not(loom)))]
    pub(crate) fn of_function(&'static self) -> &'static Self {
        self.of.unwrap_or(self)
    }

    /// Returns the counters of the calls in flight.
    #[cfg(feature = "shutdown")]
    #[inline]
    pub(crate) fn counts(&'static self) -> &'static Counts {
        self.counts.get_or_init(|| Counts::register(self.name()))
    }

    /// Returns the number of calls in flight.
    #[cfg(all(feature = "catalog", feature = "shutdown"))]
    pub(crate) fn in_flight(&self) -> u64 {
        self.counts.get().map_or(0, |counts| counts.in_flight())
    }

    /// Returns the functions that have called this one.
    #[cfg(feature = "catalog")]
    #[inline]
    pub(crate) fn callers(&self) -> &Callers<Self> {
        &self.callers
    }

    /// Returns the tally of the function, once a call of it has begun.
    #[cfg(feature = "counts")]
    #[inline]
    pub(crate) fn known_tally(&self) -> Option<&'static Tally> {
        self.tally.get().copied()
    }

    /// Returns the tally of the function, and makes it if there is none.
    #[cfg(feature = "counts")]
    #[inline]
    pub(crate) fn tally(&'static self) -> &'static Tally {
        self.tally.get_or_init(|| self.new_tally())
    }

    #[cfg(feature = "counts")]
    #[cold]
    fn new_tally(&'static self) -> &'static Tally {
        let tally = Tally::new(
            self.name(),
            #[cfg(feature = "shutdown")]
            self.counts(),
            slice_of(clock::now_ns()),
        );
        tally.register()
    }

    /// Counts one of `what`. Without the feature `counts` it does nothing.
    #[inline]
    pub(crate) fn count(&'static self, what: Count) {
        #[cfg(feature = "counts")]
        self.tally().add(what, slice_of(clock::now_ns()));
        let _ = (self, what);
    }

    /// Returns true the first time that it is called.
    pub(crate) fn is_first_block(&self) -> bool {
        !self.has_blocked.swap(true, Relaxed)
    }

    /// Returns the module path and name of the function.
    pub const fn function(&self) -> &'static str {
        self.function
    }

    /// Returns the line of the function's name in its file.
    pub const fn line(&self) -> u32 {
        self.line
    }

    /// Returns the name that the site is shown by, which no other site has.
    ///
    /// It is the module path and the name of the function. If a site that was shown before has
    /// taken that name (both may be in `impl`s of one module), `:line` is added; where a macro put
    /// several such functions on one line, `:line:2`, `:line:3` and so on.
    #[inline]
    pub fn name(&'static self) -> &'static str {
        self.name.get_or_init(|| self.claim())
    }

    /// Takes the first of the possible names that no other site has.
    #[cold]
    fn claim(&'static self) -> &'static str {
        static NAMES: OnceLock<Mutex<HashMap<&'static str, &'static Site>>> = OnceLock::new();
        let names = NAMES.get_or_init(Mutex::default);
        let mut names = names.lock().unwrap_or_else(PoisonError::into_inner);
        if !names.contains_key(self.function) {
            names.insert(self.function, self);
            return self.function;
        }
        let name = self.others().find(|name| !names.contains_key(&**name));
        let name: &'static str = Box::leak(name.expect("there are more than sites").into());
        names.insert(name, self);
        name
    }

    /// Returns the names to try after the plain one: with `:7`, `:7:2`, `:7:3` and so on.
    pub(crate) fn others(&self) -> impl Iterator<Item = String> {
        let base = format!("{}:{}", self.function, self.line);
        (1_u64..).map(move |n| match n {
            1 => base.clone(),
            n => format!("{base}:{n}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_that_read_the_same_are_told_apart() {
        static FIRST: Site = Site::new("site::two", 7);
        static SECOND: Site = Site::new("site::two", 9);
        static THIRD: Site = Site::new("site::two", 9);
        static FOURTH: Site = Site::new("site::two", 9);
        assert_eq!(SECOND.name(), "site::two");
        assert_eq!(FIRST.name(), "site::two:7");
        assert_eq!(THIRD.name(), "site::two:9");
        assert_eq!(FOURTH.name(), "site::two:9:2");
        assert_eq!(SECOND.name(), "site::two", "it stays");
    }
}
