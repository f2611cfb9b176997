//! The breakers of the process by name.
//!
//! A breaker lives as long as the process. The number of annotated functions bounds the breakers
//! that functions make; [`MAX_BY_HAND`] bounds those that are made manually.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::identity::OVERFLOW;
use super::named::NamedBreaker;
use super::policy::CircuitPolicy;
use crate::call::Site;
use crate::clock;
use crate::conflict;

/// The number of names that can be made manually. Beyond it, new names all share the one breaker
/// [`OVERFLOW`], so that names that come from outside cannot fill the memory.
pub const MAX_BY_HAND: usize = 10_000;

/// Returns the breaker called `name`, and makes it if there is none; beyond [`MAX_BY_HAND`] names
/// the breaker [`OVERFLOW`].
pub(super) fn get(name: &str) -> &'static NamedBreaker {
    let mut all = lock();
    if let Some(found) = all.breakers.get(name) {
        return found.breaker;
    }
    if all.made_manually >= MAX_BY_HAND {
        return all.named(OVERFLOW).breaker;
    }
    all.made_manually += 1;
    all.named(leak(name)).breaker
}

/// Returns the breakers of all names, in no order.
pub(super) fn all() -> Vec<&'static NamedBreaker> {
    lock().breakers.values().map(|r| r.breaker).collect()
}

#[derive(Default)]
struct Names {
    breakers: HashMap<&'static str, Registered>,
    made_manually: usize,
}

#[derive(Clone, Copy)]
struct Registered {
    breaker: &'static NamedBreaker,
    /// Whether a function has reserved the name.
    claim: Claim,
}

#[derive(Clone, Copy)]
enum Claim {
    /// No: the name was made manually, and a function of that path may still reserve it.
    Open,
    /// Yes, with `name = ..`: no function reserves it by its path.
    Named,
    /// Yes: this site has, by the path of its function.
    Site(&'static Site),
}

impl Names {
    /// Returns the entry of `name`, and makes it with its breaker if there is none.
    fn named(&mut self, name: &'static str) -> &mut Registered {
        self.breakers.entry(name).or_insert_with(|| Registered {
            breaker: Box::leak(Box::new(NamedBreaker::new(name))),
            claim: Claim::Open,
        })
    }

    /// Reserves `name` for `site` and returns its breaker; `None` if the name is reserved already.
    fn claim(&mut self, name: &'static str, site: &'static Site) -> Option<&'static NamedBreaker> {
        let found = self.named(name);
        match found.claim {
            Claim::Open => found.claim = Claim::Site(site),
            Claim::Site(other) if std::ptr::eq(other, site) => {}
            Claim::Named | Claim::Site(_) => return None,
        }
        Some(found.breaker)
    }

    /// Returns the breaker of a site without a name. It is called by the path of the function or,
    /// if another breaker has that name, by the next variant that is free.
    fn unnamed(&mut self, site: &'static Site) -> &'static NamedBreaker {
        if let Some(breaker) = self.claim(site.name(), site) {
            return breaker;
        }
        let known = self
            .breakers
            .values()
            .find(|r| matches!(r.claim, Claim::Site(other) if std::ptr::eq(other, site)));
        if let Some(known) = known {
            return known.breaker;
        }
        let mut free = site.others().filter(|name| {
            let taken = self.breakers.get(&**name);
            taken.is_none_or(|r| matches!(r.claim, Claim::Open))
        });
        let name = free.next().expect("there are more than breakers");
        drop(free);
        let known = self.breakers.get(&*name).map(|r| r.breaker.name());
        let made = self.named(known.unwrap_or_else(|| leak(&name)));
        made.claim = Claim::Site(site);
        made.breaker
    }
}

fn lock() -> MutexGuard<'static, Names> {
    static ALL: OnceLock<Mutex<Names>> = OnceLock::new();
    ALL.get_or_init(Mutex::default)
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

fn leak(name: &str) -> &'static str {
    Box::leak(name.into())
}

/// Returns the breaker of `site`, which from here on uses the settings of `policy` if it had none.
pub(super) fn register(
    site: &'static Site,
    name: Option<&'static str>,
    policy: Option<&CircuitPolicy>,
) -> &'static NamedBreaker {
    let mut all = lock();
    let breaker = match name {
        None => all.unnamed(site),
        Some(name) => {
            let found = all.named(name);
            if matches!(found.claim, Claim::Open) {
                found.claim = Claim::Named;
            }
            found.breaker
        }
    };
    // Adopted with the lock held: the first call of another function must not find the breaker half
    // set, be let in by the defaults and come back late. No event is told under the lock, as the
    // state stays the same.
    let adopted = policy.map(|policy| breaker.adopt(policy, site.name(), clock::now_ms));
    drop(all);
    if let Some(Err(used)) = adopted {
        conflict::note_circuit(breaker.name(), used, site.name());
    }
    breaker
}

/// Gives `breaker` the settings of `function`. Returns false, and notes a conflict, if others are
/// in use.
pub(super) fn configure(
    breaker: &'static NamedBreaker,
    policy: &CircuitPolicy,
    function: &'static str,
) -> bool {
    let adopted = breaker.adopt(policy, function, clock::now_ms);
    if let Err(used) = adopted {
        conflict::note_circuit(breaker.name(), used, function);
    }
    adopted.is_ok()
}
