//! The breakers of this process by name, and what two functions have set differently.
//!
//! A breaker lives as long as the process. Those of functions are as many as the code has; those
//! made by hand are bounded by [`MAX_BY_HAND`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::circuit::{Breaker, CircuitPolicy, CircuitState, Core, Counts};
use crate::clock;
use crate::event::{self, Event};
use crate::site::Site;

/// So many names can be made by hand; beyond that, new names all share the one breaker
/// [`OVERFLOW`], so that names that come from outside cannot fill the memory.
pub const MAX_BY_HAND: usize = 10_000;

/// The name of the breaker that names beyond [`MAX_BY_HAND`] share.
pub const OVERFLOW: &str = "(overflow)";

/// A breaker, or a retry budget, that two functions (or two instances of a generic one) set
/// differently: the first registered wins. Of instances, both names are the function's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Conflict {
    /// Whether it is a breaker or a budget.
    pub kind: ConflictKind,
    /// The breaker, or the budget.
    pub name: &'static str,
    /// The function whose settings are used; `(by hand)` for [`Breaker::configure`].
    pub used: &'static str,
    /// The function whose settings are not.
    pub ignored: &'static str,
}

/// What a [`Conflict`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConflictKind {
    /// The settings of a breaker.
    Circuit,
    /// The numbers of a named retry budget.
    Budget,
}

/// What [`Registry::snapshot`] says of a breaker.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct BreakerSnapshot {
    /// The breaker.
    pub name: &'static str,
    /// Its key, where there is a breaker for each key; [`OVERFLOW`] for the one that keys beyond
    /// [`max_keys`](CircuitPolicy::max_keys) share.
    pub key: Option<Arc<str>>,
    /// Its state, as [`Breaker::state`] gives it: half-open once `open_for` has passed.
    pub state: CircuitState,
    /// What it has counted in that state.
    pub counts: Counts,
}

/// All breakers of the process: [`registry`] gives it.
#[derive(Debug, Clone, Copy)]
pub struct Registry(());

/// All breakers of the process.
pub fn registry() -> Registry {
    Registry(())
}

impl Registry {
    /// The breakers and named budgets that two functions set differently, in the order in which it
    /// was found.
    pub fn conflicts(&self) -> Vec<Conflict> {
        lock().conflicts.clone()
    }

    /// The state of every breaker, by name and then by key: each name has one of its own, before
    /// those of its keys. Each is read by itself, after the other, with no lock held.
    pub fn snapshot(&self) -> Vec<BreakerSnapshot> {
        let cores: Vec<&'static Core> = lock().breakers.values().map(|b| b.core).collect();
        let mut all = Vec::with_capacity(cores.len());
        for core in cores {
            all.push(BreakerSnapshot::of(core));
            if let Some(keys) = core.known_keys() {
                all.extend(keys.all().iter().map(|core| BreakerSnapshot::of(core)));
            }
        }
        all.sort_unstable_by(|a, b| (a.name, &a.key).cmp(&(b.name, &b.key)));
        all
    }
}

impl BreakerSnapshot {
    fn of(core: &Core) -> Self {
        Self {
            name: core.name(),
            key: core.key().cloned(),
            state: core.state_at(clock::now_ms),
            counts: core.counts(clock::now_ms),
        }
    }
}

/// The breaker of that name, which all share who name it, by hand or in `#[circuit(name = ..)]`.
///
/// One that does not exist is made, on default settings; it adopts those of the first function
/// with settings that registers, which a function does with its first call. At most
/// [`MAX_BY_HAND`] are made so; beyond that new names share one breaker, [`OVERFLOW`].
pub fn breaker(name: &str) -> Breaker {
    let mut all = lock();
    if let Some(found) = all.breakers.get(name) {
        return Breaker::new(found.core);
    }
    if all.by_hand >= MAX_BY_HAND {
        return Breaker::new(all.named(OVERFLOW).core);
    }
    all.by_hand += 1;
    Breaker::new(all.named(leak(name)).core)
}

#[derive(Default)]
struct Inner {
    breakers: HashMap<&'static str, Registered>,
    by_hand: usize,
    conflicts: Vec<Conflict>,
}

#[derive(Clone, Copy)]
struct Registered {
    core: &'static Core,
    /// Whose text the name is.
    claim: Claim,
}

#[derive(Clone, Copy)]
enum Claim {
    /// Made by hand: a function of that path may still claim it.
    Open,
    /// A name that somebody gave: not to be mixed up with a function's path.
    Named,
    /// The path of this site.
    Site(&'static Site),
}

impl Inner {
    /// The breaker of that name, made if there is none.
    fn named(&mut self, name: &'static str) -> &mut Registered {
        self.breakers.entry(name).or_insert_with(|| Registered {
            core: Box::leak(Box::new(Core::new(name))),
            claim: Claim::Open,
        })
    }

    /// Makes the text of `site` its own; false if it is another's.
    fn claim(&mut self, name: &'static str, site: &'static Site) -> Option<&'static Core> {
        let found = self.named(name);
        match found.claim {
            Claim::Open => found.claim = Claim::Site(site),
            Claim::Site(other) if std::ptr::eq(other, site) => {}
            Claim::Named | Claim::Site(_) => return None,
        }
        Some(found.core)
    }

    /// A site without a name goes by its own; where somebody has given that to another, by the next
    /// one that is free.
    fn unnamed(&mut self, site: &'static Site) -> &'static Core {
        if let Some(core) = self.claim(site.name(), site) {
            return core;
        }
        let known = self
            .breakers
            .values()
            .find(|r| matches!(r.claim, Claim::Site(other) if std::ptr::eq(other, site)));
        if let Some(known) = known {
            return known.core;
        }
        let mut free = site.others().filter(|name| {
            let taken = self.breakers.get(&**name);
            taken.is_none_or(|r| matches!(r.claim, Claim::Open))
        });
        let name = free.next().expect("there are more than breakers");
        drop(free);
        let known = self.breakers.get(&*name).map(|r| r.core.name());
        let made = self.named(known.unwrap_or_else(|| leak(&name)));
        made.claim = Claim::Site(site);
        made.core
    }
}

fn lock() -> MutexGuard<'static, Inner> {
    static ALL: OnceLock<Mutex<Inner>> = OnceLock::new();
    ALL.get_or_init(Mutex::default)
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

fn leak(name: &str) -> &'static str {
    Box::leak(name.into())
}

/// The breaker of `site`, which from here on has the settings of `policy` if it had none.
pub(crate) fn register(
    site: &'static Site,
    name: Option<&'static str>,
    policy: Option<&CircuitPolicy>,
) -> &'static Core {
    let mut all = lock();
    let core = match name {
        None => all.unnamed(site),
        Some(name) => {
            let found = all.named(name);
            if matches!(found.claim, Claim::Open) {
                found.claim = Claim::Named;
            }
            found.core
        }
    };
    // With the lock held: the next first call must not find it half set, be let in by the defaults
    // and come back late. No listener hears of it: the state stays what it is.
    let adopted = policy.map(|policy| core.adopt(policy, site.name(), clock::now_ms));
    drop(all);
    if let Some(Err(used)) = adopted {
        note(core.name(), used, site.name());
    }
    core
}

/// Gives `core` the settings of `function`, or notes the conflict. False if others are in use.
pub(crate) fn configure(
    core: &'static Core,
    policy: &CircuitPolicy,
    function: &'static str,
) -> bool {
    let adopted = core.adopt(policy, function, clock::now_ms);
    if let Err(used) = adopted {
        note(core.name(), used, function);
    }
    adopted.is_ok()
}

/// Lists a conflict of a breaker, and tells of it once.
fn note(name: &'static str, used: &'static str, function: &'static str) {
    if list(ConflictKind::Circuit, name, used, function) {
        event::emit(|| Event::CircuitConflict { name, function });
    }
}

/// Lists a conflict of a budget, and tells of it once.
pub(crate) fn note_budget(name: &'static str, used: &'static str, function: &'static str) {
    if list(ConflictKind::Budget, name, used, function) {
        event::emit(|| Event::BudgetConflict { name, function });
    }
}

/// Lists a conflict; false if it was known.
fn list(
    kind: ConflictKind,
    name: &'static str,
    used: &'static str,
    function: &'static str,
) -> bool {
    let conflict = Conflict {
        kind,
        name,
        used,
        ignored: function,
    };
    let mut all = lock();
    let known = all.conflicts.contains(&conflict);
    if !known {
        all.conflicts.push(conflict);
    }
    !known
}
