//! One rate limit: its word, its settings and its name, and the steps by which threads change them.
//!
//! Every step reads the word, then the clock, computes the next word with the pure functions of
//! [`rules`](super::rules), and replaces the word that it read by compare-exchange. The clock is read
//! after the word, so that the word is never one of a later time. An edge may have read it before; that reading
//! counts only if the word is not of a later time.

use std::sync::Arc;

pub(crate) use super::outcome::{Reserved, Taken, TooEarly};
use super::policy::RateLimitPolicy;
use super::rules::{Decision, Rules, SEALED};
use super::settings::RateLimitSettings;
#[cfg(all(feature = "edge", not(loom)))]
use crate::clock;
#[cfg(all(feature = "control", not(loom)))]
use crate::instead::Instead;
use crate::sync::{AtomicU64, OnceLock, Ordering, broken};

/// One rate limit, which its handles, sites and turns share.
///
/// The fields are in the order in which a call comes to need them. The count of references of a key's limit stands right
/// before them: a call that changes it has the line of the word then, which would have to come from another core for
/// itself.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Limit {
    pub(super) hot: Hot,
    /// The rate limit that counts in the place of this one, while other settings are in force.
    #[cfg(all(feature = "control", not(loom)))]
    pub(super) instead: Instead<Self>,
    pub(super) in_use: OnceLock<InUse>,
    /// The reach that this one had when another took its place.
    #[cfg(all(feature = "control", not(loom)))]
    pub(super) reached: AtomicU64,
    /// Zero; of one in the place of another, a number that no other one has.
    #[cfg(all(feature = "control", not(loom)))]
    pub(super) number: u64,
    pub(super) name: &'static &'static str,
    pub(super) key: Option<Arc<str>>,
}

/// The fields that every call changes or reads.
#[derive(Debug)]
pub(super) struct Hot {
    /// The time at which the calls that were let in are paid for: see [`rules`](super::rules).
    pub(super) word: AtomicU64,
    /// How far ahead of the clock a word may lie and counts; [`SEALED`] where another rate limit counts.
    pub(super) reach: AtomicU64,
}

/// The settings in use.
#[derive(Debug)]
#[repr(C)]
pub(super) struct InUse {
    /// `None` if nothing is limited.
    pub(super) rules: Option<Rules>,
    settings: Option<RateLimitSettings>,
    max_keys: u32,
    /// The function that gave them.
    owner: &'static str,
    /// The word to begin with, which is none of a limit that has counted a call.
    pub(super) begun: u64,
}

/// Returns what the rate limit says that counts in the place of `self`, if there is one.
macro_rules! instead {
    ($this:ident . $method:ident ( $($argument:expr),* ) $(. $then:ident ())?) => {
        #[cfg(all(feature = "control", not(loom)))]
        if let Some(other) = $this.instead.get() {
            return other.$method($($argument),*) $(. $then ())?;
        }
    };
}

impl Limit {
    /// Creates the rate limit called `name`, which limits nothing until it has settings.
    pub(crate) fn new(name: &'static str) -> Self {
        // A reference to the name, for the small form of a refusal. It lives as long as the name.
        Self::of(Box::leak(Box::new(name)), None)
    }

    /// Creates the rate limit of `key` under the name of `base`.
    pub(super) fn keyed(base: &Self, key: Arc<str>) -> Self {
        Self::of(base.name, Some(key))
    }

    pub(super) fn of(name: &'static &'static str, key: Option<Arc<str>>) -> Self {
        Self {
            hot: Hot {
                word: AtomicU64::new(0),
                reach: AtomicU64::new(0),
            },
            #[cfg(all(feature = "control", not(loom)))]
            instead: Instead::new(),
            in_use: OnceLock::new(),
            #[cfg(all(feature = "control", not(loom)))]
            reached: AtomicU64::new(0),
            #[cfg(all(feature = "control", not(loom)))]
            number: 0,
            name,
            key,
        }
    }

    /// Returns the name, which all its keys share.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the key, if this is the rate limit of one.
    pub(crate) fn key(&self) -> Option<&Arc<str>> {
        self.key.as_ref()
    }

    /// Returns the settings in use; `None` as long as nothing is limited.
    pub(crate) fn settings(&self) -> Option<RateLimitSettings> {
        instead!(self.settings());
        self.in_use.get()?.settings
    }

    /// Returns the greatest number of keys under this name.
    pub(super) fn max_keys(&self) -> u32 {
        instead!(self.max_keys());
        let in_use = self.in_use.get();
        in_use.map_or_else(|| RateLimitPolicy::new().keys(), |used| used.max_keys)
    }

    #[inline(always)]
    pub(super) fn rules(&self) -> Option<&Rules> {
        self.in_use.get()?.rules.as_ref()
    }

    /// Adopts the settings of `owner`, if none are in use. `clock` returns the time in nanoseconds.
    ///
    /// # Errors
    ///
    /// Returns the function whose settings are in use, if they differ.
    pub(crate) fn adopt(
        &self,
        policy: &RateLimitPolicy,
        owner: &'static str,
        clock: impl Fn() -> u64,
    ) -> Result<(), &'static str> {
        self.adopt_settings(policy.settings(), policy.keys(), owner, clock)
    }

    pub(super) fn adopt_settings(
        &self,
        settings: Option<RateLimitSettings>,
        max_keys: u32,
        owner: &'static str,
        clock: impl Fn() -> u64,
    ) -> Result<(), &'static str> {
        let begin = |rules: &Rules, begun: u64| {
            let Hot { word, reach } = &self.hot;
            word.store(begun, Ordering::Relaxed);
            reach.store(rules.reach(), Ordering::Relaxed);
        };
        let mut is_mine = false;
        let in_use = self.in_use.get_or_init(|| {
            is_mine = true;
            let rules = settings.as_ref().map(Rules::new);
            let begun = rules.as_ref().map_or(0, |rules| rules.at(clock()));
            // Before the rules are seen: a call that goes by them may come at once.
            if let Some(rules) = &rules
                && !broken("begin_before_seen")
            {
                begin(rules, begun);
            }
            InUse {
                rules,
                settings,
                max_keys,
                owner,
                begun,
            }
        });
        if let Some(rules) = &in_use.rules
            && is_mine
            && broken("begin_before_seen")
        {
            begin(rules, in_use.begun);
        }
        if in_use.settings == settings && in_use.max_keys == max_keys {
            Ok(())
        } else {
            Err(in_use.owner)
        }
    }

    /// Adopts the settings of `base`, the rate limit of the name that this key is under, once `base`
    /// has some.
    pub(super) fn adopt_of(&self, base: &Self, clock: impl Fn() -> u64) {
        if self.in_use.get().is_none()
            && let Some(used) = base.in_use.get()
        {
            // Only this function gives settings to the rate limit of a key, so they cannot differ.
            let _ = self.adopt_settings(used.settings, used.max_keys, used.owner, &clock);
        }
        #[cfg(all(feature = "control", not(loom)))]
        self.follow(base, &clock);
    }

    /// Lets a call of `cost` in, if it may come now and no other call comes at this moment.
    #[inline(always)]
    pub(crate) fn take(&self, cost: u32, clock: impl Fn() -> u64) -> Taken {
        // The units of the other one are not those of this one: `enter` decides.
        instead!(self.take(cost, clock).or_undecided());
        let Some(rules) = self.rules() else {
            return Taken::In;
        };
        if cost > rules.burst {
            return Taken::Undecided;
        }
        let (word, reach) = (self.load(), self.reach());
        match rules.decide(word, rules.at(clock()), reach, cost) {
            Decision::Now(next) if self.change(word, next) => Taken::In,
            Decision::Later { units, .. } if rules.wait.is_none() && cost > 0 && reach < SEALED => {
                Taken::TooEarly(units)
            }
            _ => Taken::Undecided,
        }
    }

    /// Lets a call of cost 1 in, as [`take`](Self::take) does. Returns how many more of them would be let in then;
    /// `None` if [`enter`](Self::enter) decides.
    ///
    /// `came` is when the call came, where that was read before. It is good enough for a rate limit that was at rest
    /// then. A word that lies ahead of it may be one of a call that came later, or of a limit that was made since: the
    /// clock decides.
    #[cfg(all(feature = "edge", not(loom)))]
    pub(super) fn take_one(
        &self,
        came: Option<clock::Instant>,
        clock: impl Fn() -> u64,
    ) -> Option<u32> {
        instead!(self.take_one(came, clock));
        let Some(rules) = self.rules() else {
            return Some(u32::MAX);
        };
        let (word, reach) = (self.load(), self.reach());
        let came = came.map(|came| rules.at(clock::nanos_of(came)));
        let now = match came {
            Some(came) if !Rules::is_later(word, came) => came,
            _ => rules.at(clock()),
        };
        match rules.decide(word, now, reach, 1) {
            Decision::Now(next) if self.change(word, next) => {
                Some(rules.left(next.wrapping_sub(now)))
            }
            _ => None,
        }
    }

    /// Asks the rate limit that counts: this one, or that in its place. `ask` returns `None` if it finds the word
    /// [sealed](SEALED): then others are about to count, and it is asked again.
    pub(super) fn counting<S>(&self, mut ask: impl FnMut(&Self) -> Option<S>) -> S {
        loop {
            #[cfg(all(feature = "control", not(loom)))]
            let other = self.instead.get();
            #[cfg(not(all(feature = "control", not(loom))))]
            let other: Option<&Self> = None;
            if let Some(said) = ask(other.as_deref().unwrap_or(self)) {
                return said;
            }
            #[cfg(all(feature = "control", not(loom)))]
            {
                drop(other);
                self.instead.changed();
            }
        }
    }

    /// Lets a call of `cost` in, now or later. `patience` returns for how many nanoseconds the call may
    /// wait, if it may, given the longest wait of the settings. It is asked once at most, but for settings that are
    /// replaced meanwhile, and only if the call is too early.
    ///
    /// # Errors
    ///
    /// Returns how much too early the call is. Then it has taken nothing.
    #[inline(never)]
    pub(crate) fn enter(
        &self,
        cost: u32,
        clock: impl Fn() -> u64,
        patience: impl Fn(Option<u64>) -> Option<u64>,
    ) -> Result<Option<Reserved>, TooEarly> {
        self.counting(|limit| limit.enter_here(cost, &clock, &patience))
    }

    /// Lets a call in, as [`enter`](Self::enter) does. Returns `None` if the word is sealed.
    #[inline(always)]
    fn enter_here(
        &self,
        cost: u32,
        clock: impl Fn() -> u64,
        patience: impl Fn(Option<u64>) -> Option<u64>,
    ) -> Option<Result<Option<Reserved>, TooEarly>> {
        let Some(rules) = self.rules().filter(|_| cost > 0) else {
            return Some(Ok(None));
        };
        if cost > rules.burst {
            return Some(Err(TooEarly(None)));
        }
        let mut patient = None;
        loop {
            let (word, reach) = (self.load(), self.reach());
            match rules.decide(word, rules.at(clock()), reach, cost) {
                Decision::Now(next) => {
                    if self.change(word, next) {
                        return Some(Ok(None));
                    }
                }
                Decision::Later { .. } if reach >= SEALED => return None,
                Decision::Later { units, ahead, next } => {
                    let patient = *patient.get_or_insert_with(|| patience(rules.wait));
                    let wait = rules.duration(units);
                    if !patient.is_some_and(|ns| rules.is_within(units, ns)) {
                        return Some(Err(TooEarly(Some(wait))));
                    }
                    let reserved = Reserved {
                        word: next,
                        before: next.wrapping_sub(rules.price(cost)),
                        wait,
                        #[cfg(all(feature = "control", not(loom)))]
                        of: self.number,
                    };
                    if self.reserve(word, reserved, rules.beyond(ahead)) {
                        return Some(Ok(Some(reserved)));
                    }
                }
            }
        }
    }

    /// Moves the word so far ahead that a call has to wait for its turn.
    fn reserve(&self, word: u64, reserved: Reserved, reach: u64) -> bool {
        if broken("reach_first") {
            let done = self.change(word, reserved.word);
            self.hot.reach.fetch_max(reach, Ordering::Relaxed);
            return done;
        }
        // First, so that who sees the word sees that it counts.
        let before = self.hot.reach.fetch_max(reach, Ordering::Relaxed);
        // Where it was sealed it will be another one, which may be less than this.
        before < SEALED && self.change(word, reserved.word)
    }

    /// Gives back the turn of a call that is dropped while it waits, if no other call has come since.
    pub(crate) fn give_back(&self, reserved: Reserved) {
        #[cfg(all(feature = "control", not(loom)))]
        if reserved.of != self.number {
            instead!(self.give_back(reserved));
            return;
        }
        if broken("give_back_in_one") {
            if self.load() == reserved.word {
                self.hot.word.store(reserved.before, Ordering::Release);
            }
        } else {
            let _ = self.change(reserved.word, reserved.before);
        }
    }

    #[inline(always)]
    pub(super) fn load(&self) -> u64 {
        self.hot.word.load(Ordering::Acquire)
    }

    #[inline(always)]
    pub(super) fn reach(&self) -> u64 {
        self.hot.reach.load(Ordering::Relaxed)
    }

    /// Changes the word if it still is `from`. Returns false if it is another one.
    #[inline(always)]
    fn change(&self, from: u64, to: u64) -> bool {
        let word = &self.hot.word;
        if broken("take_in_one") {
            word.store(to, Ordering::Release);
            return true;
        }
        word.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }
}
