//! The names of the process, one table for each kind of state.
//!
//! The state of a name lives as long as the process. The number of annotated functions bounds the
//! names that functions make; [`MAX_BY_HAND`] bounds those that are made manually.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

#[cfg(all(feature = "control", not(loom)))]
use super::{Called, Edit};
use super::{Named, OVERFLOW, Shared};
use crate::call::Site;
use crate::conflict;

/// The number of names that can be made manually, of breakers, of bulkheads and of rate limits each.
/// Beyond it, new names all share the one state [`OVERFLOW`], so that names that come from outside
/// cannot fill the memory.
pub const MAX_BY_HAND: usize = 10_000;

/// The names of one kind of state.
#[derive(Debug)]
pub(crate) struct Names<T: Shared> {
    table: OnceLock<Mutex<Table<T>>>,
    #[cfg(all(feature = "control", not(loom)))]
    edit: OnceLock<Edit<T::Policy>>,
}

impl<T: Shared> Names<T> {
    pub(crate) const fn new() -> Self {
        Self {
            table: OnceLock::new(),
            #[cfg(all(feature = "control", not(loom)))]
            edit: OnceLock::new(),
        }
    }

    /// Puts other settings in force for those that are called so, and for all that are registered from here on.
    #[cfg(all(feature = "control", not(loom)))]
    pub(crate) fn edit(&self, is_for: impl Fn(Called) -> bool, edit: Edit<T::Policy>) {
        let edit = *self.edit.get_or_init(|| edit);
        for named in self.all().into_iter().filter(|of| is_for(of.called())) {
            named.edit(edit, false);
        }
    }

    /// Returns what all of them are called, in no order.
    #[cfg(all(feature = "control", not(loom)))]
    pub(crate) fn called(&self) -> Vec<Called> {
        self.all().into_iter().map(Named::called).collect()
    }

    /// Returns what those are called that have adopted settings, with these, in no order.
    #[cfg(all(feature = "control", not(loom)))]
    pub(crate) fn written(&self) -> Vec<(Called, T::Policy)> {
        let written = |of: &Named<T>| Some((of.called(), *of.written()?));
        self.all().into_iter().filter_map(written).collect()
    }

    /// Returns the state called `name`, if there is one.
    #[cfg(any(feature = "catalog", all(feature = "control", not(loom))))]
    pub(crate) fn find(&self, name: &str) -> Option<&'static Named<T>> {
        self.lock().entries.get(name).map(|found| found.shared)
    }

    /// Returns the state called `name`, and makes it if there is none; beyond [`MAX_BY_HAND`] names
    /// the state [`OVERFLOW`].
    pub(crate) fn get(&self, name: &str) -> &'static Named<T> {
        let mut all = self.lock();
        if let Some(found) = all.entries.get(name) {
            return found.shared;
        }
        if all.made_manually >= MAX_BY_HAND {
            return all.named(OVERFLOW).shared;
        }
        all.made_manually += 1;
        all.named(leak(name)).shared
    }

    /// Returns the states of all names, in no order.
    fn all(&self) -> Vec<&'static Named<T>> {
        self.lock().entries.values().map(|r| r.shared).collect()
    }

    /// Returns `look` at the state of every name and of every key, ordered by name and then by key. The
    /// state of a name comes before those of its keys. `look` runs with no lock held.
    pub(crate) fn snapshot<S>(&self, look: impl Fn(&T) -> S) -> Vec<S> {
        let seen = |state: &T| (state.name(), state.key().cloned(), look(state));
        let mut all = Vec::new();
        for named in self.all() {
            all.push(seen(named));
            all.extend(named.of_all_keys().iter().map(|state| seen(state)));
        }
        all.sort_unstable_by(|(a, of_a, _), (b, of_b, _)| (a, of_a).cmp(&(b, of_b)));
        all.into_iter().map(|(_, _, seen)| seen).collect()
    }

    /// Returns the state of `site`, which from here on uses the settings of `policy` if it had none.
    pub(crate) fn register(
        &self,
        site: &'static Site,
        name: Option<&'static str>,
        policy: Option<&T::Policy>,
    ) -> &'static Named<T> {
        let mut all = self.lock();
        let shared = match name {
            None => all.unnamed(site),
            Some(name) => {
                let found = all.named(name);
                if matches!(found.claim, Claim::Open) {
                    found.claim = Claim::Named;
                }
                found.shared
            }
        };
        // Adopted with the lock held: the first call of another function must not find the state half
        // set, be let in by the defaults and come back late. No event is told under the lock, as the
        // state stays the same.
        #[cfg(all(feature = "control", not(loom)))]
        let is_new = shared.written().is_none();
        let adopted = policy.map(|policy| shared.adopt(policy, site.name()));
        drop(all);
        #[cfg(all(feature = "control", not(loom)))]
        {
            if name.is_none() {
                shared.belongs_to(site.of_function().name());
            }
            if let Some(edit) = self.edit.get() {
                shared.edit(*edit, is_new);
            }
        }
        if let Some(Err(used)) = adopted {
            conflict::note(T::KIND, shared.name(), used, site.name());
        }
        shared
    }

    fn lock(&self) -> MutexGuard<'_, Table<T>> {
        self.table
            .get_or_init(Mutex::default)
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives `shared` the settings of `function`. Returns false, and notes a conflict, if others are in
/// use.
pub(crate) fn configure<T: Shared>(
    shared: &'static Named<T>,
    policy: &T::Policy,
    function: &'static str,
) -> bool {
    #[cfg(all(feature = "control", not(loom)))]
    let is_new = shared.written().is_none();
    let adopted = shared.adopt(policy, function);
    #[cfg(all(feature = "control", not(loom)))]
    if let Some(edit) = T::names().edit.get() {
        shared.edit(*edit, is_new);
    }
    if let Err(used) = adopted {
        conflict::note(T::KIND, shared.name(), used, function);
    }
    adopted.is_ok()
}

#[derive(Debug)]
struct Table<T: Shared> {
    entries: HashMap<&'static str, Registered<T>>,
    made_manually: usize,
}

impl<T: Shared> Default for Table<T> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            made_manually: 0,
        }
    }
}

#[derive(Debug)]
struct Registered<T: Shared> {
    shared: &'static Named<T>,
    /// Whether a function has reserved the name.
    claim: Claim,
}

#[derive(Debug, Clone, Copy)]
enum Claim {
    /// No: the name was made manually, and a function of that path may still reserve it.
    Open,
    /// Yes, with `name = ..`: no function reserves it by its path.
    Named,
    /// Yes: this site has, by the path of its function.
    Site(&'static Site),
}

impl<T: Shared> Table<T> {
    /// Returns the entry of `name`, and makes it with its state if there is none.
    fn named(&mut self, name: &'static str) -> &mut Registered<T> {
        self.entries.entry(name).or_insert_with(|| Registered {
            shared: Box::leak(Box::new(Named::new(name))),
            claim: Claim::Open,
        })
    }

    /// Reserves `name` for `site` and returns its state; `None` if the name is reserved already.
    fn claim(&mut self, name: &'static str, site: &'static Site) -> Option<&'static Named<T>> {
        let found = self.named(name);
        match found.claim {
            Claim::Open => found.claim = Claim::Site(site),
            Claim::Site(other) if std::ptr::eq(other, site) => {}
            Claim::Named | Claim::Site(_) => return None,
        }
        Some(found.shared)
    }

    /// Returns the state of a site without a name. It is called by the path of the function or, if
    /// another state has that name, by the next variant that is free.
    fn unnamed(&mut self, site: &'static Site) -> &'static Named<T> {
        if let Some(shared) = self.claim(site.name(), site) {
            return shared;
        }
        let known = self
            .entries
            .values()
            .find(|r| matches!(r.claim, Claim::Site(other) if std::ptr::eq(other, site)));
        if let Some(known) = known {
            return known.shared;
        }
        let mut free = site.others().filter(|name| {
            let taken = self.entries.get(&**name);
            taken.is_none_or(|r| matches!(r.claim, Claim::Open))
        });
        let name = free.next().expect("there are more than names");
        drop(free);
        let known = self.entries.get(&*name).map(|r| r.shared.name());
        let made = self.named(known.unwrap_or_else(|| leak(&name)));
        made.claim = Claim::Site(site);
        made.shared
    }
}

fn leak(name: &str) -> &'static str {
    Box::leak(name.into())
}
