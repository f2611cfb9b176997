//! `last_ok`: the last good value in place of an error, as `stale-if-error` of RFC 5861.

use std::time::Duration;

use super::recover::{Caller, tell};
use super::values::Tables;
use crate::call::conversions::IsResult;
use crate::call::{AnyRefusal, Failure, Outcome, PerType, Site, Types};
use crate::clock;
use crate::event::ErrorText;
use crate::named::KeyText;
use crate::named::key::Key;

/// A success type whose last good value can be kept: anything that is `Clone + Send + Sync + 'static`.
#[diagnostic::on_unimplemented(
    message = "`last_ok` keeps the last good value of this function, and `{Self}` cannot be kept",
    label = "`{Self}` must be `Clone + Send + Sync + 'static`",
    note = "add `#[derive(Clone)]` to `{Self}`, or return it as an `Arc<{Self}>` (if it is a type parameter: the bounds `{Self}: Clone + Send + Sync + 'static`)"
)]
pub trait Keepable: Sized {
    #[doc(hidden)]
    fn keep(&self, site: &LastOkSite, key: &str, policy: &LastOkPolicy);
    #[doc(hidden)]
    fn get(site: &LastOkSite, key: &str, policy: &LastOkPolicy) -> Option<Self>;
}

#[diagnostic::do_not_recommend]
impl<T: Clone + Send + Sync + 'static> Keepable for T {
    fn keep(&self, site: &LastOkSite, key: &str, policy: &LastOkPolicy) {
        let at = policy.max_age.map(|_| clock::now());
        let most = usize::try_from(policy.max_keys).unwrap_or(usize::MAX);
        site.tables.of().keep(key, self.clone(), at, most);
    }

    fn get(site: &LastOkSite, key: &str, policy: &LastOkPolicy) -> Option<Self> {
        let (value, at) = site.tables.of::<Self>().get(key)?;
        let is_fresh = match (policy.max_age, at) {
            (Some(most), Some(at)) => clock::now().saturating_duration_since(at) <= most,
            _ => true,
        };
        is_fresh.then(|| (*value).clone())
    }
}

/// The way in which values of type `T` are kept.
#[derive(Debug)]
pub struct LastOk<T> {
    keep: fn(&T, &LastOkSite, &str, &LastOkPolicy),
    get: fn(&LastOkSite, &str, &LastOkPolicy) -> Option<T>,
}

/// Returns the way in which the successes of a function that returns `R` are kept.
#[inline(always)]
pub const fn last_ok<R, T, E>() -> LastOk<T>
where
    R: IsResult<T, E>,
    T: Keepable,
{
    LastOk {
        keep: T::keep,
        get: T::get,
    }
}

/// The settings of one `last_ok`.
#[derive(Debug, Clone, Copy)]
pub struct LastOkPolicy {
    pub(crate) max_age: Option<Duration>,
    pub(crate) max_keys: u32,
}

impl LastOkPolicy {
    /// Creates the defaults: a value of any age, and 10,000 keys.
    pub const fn new() -> Self {
        Self {
            max_age: None,
            max_keys: 10_000,
        }
    }

    /// Sets the greatest age of a value that takes the place of an error.
    pub const fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// Sets the greatest number of keys whose values are kept.
    pub const fn max_keys(mut self, max_keys: u32) -> Self {
        self.max_keys = max_keys;
        self
    }
}

impl Default for LastOkPolicy {
    fn default() -> Self {
        Self::new()
    }
}

/// The key of one call, as text. Keys of more than 256 bytes end with a hash of the rest.
#[derive(Debug)]
pub struct LastOkKey(Box<str>);

impl LastOkKey {
    /// Formats `key`.
    pub fn of(key: &(impl Key + ?Sized)) -> Self {
        Self(KeyText::with(key, |text| text.as_str().into()))
    }
}

/// The static state of one annotated function: its last good values.
#[derive(Debug)]
pub struct LastOkSite {
    site: &'static Site,
    tables: Tables,
    /// The sites of other `Self` types.
    types: PerType<Self>,
}

impl LastOkSite {
    /// Creates the state of `site`.
    pub const fn new(site: &'static Site) -> Self {
        Self {
            site,
            tables: Tables::new(),
            types: PerType::new(),
        }
    }

    /// Returns the state for the `Self` of `types`.
    #[inline]
    pub fn of(&'static self, types: Option<Types>) -> &'static Self {
        self.types.of(self, self.site, types, Self::new)
    }

    /// Keeps a value, and returns the outcome. In place of an error for which `applies` returns true
    /// it returns the last good value of `key`, if there is one that is not too old. `applies` is not
    /// asked about a refusal that was not converted into the user's error.
    #[inline]
    pub fn last_ok<T, E, P: AnyRefusal>(
        &self,
        (policy, key): (&LastOkPolicy, Option<&LastOkKey>),
        out: Outcome<T, E, P>,
        of: &LastOk<T>,
        caller: Caller<'_>,
        applies: impl FnMut(&E) -> bool,
        text: impl for<'e> FnOnce(&'e E) -> ErrorText<'e>,
    ) -> Outcome<T, E, P> {
        let key = key.map_or("", |key| &key.0);
        match out {
            Ok(value) => {
                (of.keep)(&value, self, key, policy);
                Ok(value)
            }
            Err(failure) => {
                let get = || (of.get)(self, key, policy);
                failed(failure, get, caller, applies, text)
            }
        }
    }
}

#[cold]
#[inline(never)]
fn failed<T, E, P: AnyRefusal>(
    failure: Failure<E, P>,
    get: impl FnOnce() -> Option<T>,
    caller: Caller<'_>,
    applies: impl FnMut(&E) -> bool,
    text: impl for<'e> FnOnce(&'e E) -> ErrorText<'e>,
) -> Outcome<T, E, P> {
    if !failure.error().is_none_or(applies) {
        return Err(failure);
    }
    let Some(value) = get() else {
        return Err(failure);
    };
    tell(
        caller,
        match &failure {
            Failure::Body(error) | Failure::Exposed(error, _) => text(error),
            Failure::Policy(refusal) => refusal.text(),
        },
    );
    Ok(value)
}
