//! One rate limit: its word, its settings and its name, and the steps by which threads change them.
//!
//! Every step reads the word, then the clock, computes the next word with the pure functions of
//! [`rules`](super::rules), and replaces the word that it read by compare-exchange. The clock is read
//! after the word, so that the word is never one of a later time. An edge may have read it before; that reading
//! counts only if the word is not of a later time.

use std::sync::Arc;
use std::time::Duration;

pub(crate) use super::outcome::{Reserved, Taken, TooEarly};
use super::policy::RateLimitPolicy;
use super::rules::{Decision, Rules};
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
    hot: Hot,
    /// The rate limit that counts in the place of this one, while other settings are in force.
    #[cfg(all(feature = "control", not(loom)))]
    pub(super) instead: Instead<Self>,
    in_use: OnceLock<InUse>,
    pub(super) name: &'static &'static str,
    pub(super) key: Option<Arc<str>>,
}

/// The fields that every call changes or reads.
#[derive(Debug)]
struct Hot {
    /// The time at which the calls that were let in are paid for: see [`rules`](super::rules).
    word: AtomicU64,
    /// How far ahead of the clock a word may lie and counts.
    reach: AtomicU64,
}

/// The settings in use.
#[derive(Debug)]
#[repr(C)]
struct InUse {
    /// `None` if nothing is limited.
    rules: Option<Rules>,
    settings: Option<RateLimitSettings>,
    max_keys: u32,
    /// The function that gave them.
    owner: &'static str,
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
        let begin = |rules: &Rules| {
            let Hot { word, reach } = &self.hot;
            word.store(rules.at(clock()), Ordering::Relaxed);
            reach.store(rules.reach(), Ordering::Relaxed);
        };
        let mut is_mine = false;
        let in_use = self.in_use.get_or_init(|| {
            is_mine = true;
            let rules = settings.as_ref().map(Rules::new);
            // Before the rules are seen: a call that goes by them may come at once.
            if !broken("begin_before_seen") {
                rules.as_ref().into_iter().for_each(begin);
            }
            InUse {
                rules,
                settings,
                max_keys,
                owner,
            }
        });
        if is_mine && broken("begin_before_seen") {
            in_use.rules.as_ref().into_iter().for_each(begin);
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
        let word = self.load();
        match rules.decide(word, rules.at(clock()), self.reach(), cost) {
            Decision::Now(next) if self.change(word, next) => Taken::In,
            Decision::Later { units, .. } if rules.wait.is_none() && cost > 0 => {
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

    /// Lets a call of `cost` in, now or later. `patience` returns for how many nanoseconds the call may
    /// wait, if it may, given the longest wait of the settings. It is asked once at most, and only if the
    /// call is too early.
    ///
    /// # Errors
    ///
    /// Returns how much too early the call is. Then it has taken nothing.
    #[inline(never)]
    pub(crate) fn enter(
        &self,
        cost: u32,
        clock: impl Fn() -> u64,
        patience: impl FnOnce(Option<u64>) -> Option<u64>,
    ) -> Result<Option<Reserved>, TooEarly> {
        instead!(self.enter(cost, clock, patience));
        let Some(rules) = self.rules().filter(|_| cost > 0) else {
            return Ok(None);
        };
        if cost > rules.burst {
            return Err(TooEarly(None));
        }
        let (mut patience, mut patient) = (Some(patience), None);
        loop {
            let word = self.load();
            match rules.decide(word, rules.at(clock()), self.reach(), cost) {
                Decision::Now(next) => {
                    if self.change(word, next) {
                        return Ok(None);
                    }
                }
                Decision::Later { units, ahead, next } => {
                    if let Some(patience) = patience.take() {
                        patient = patience(rules.wait);
                    }
                    let wait = rules.duration(units);
                    if !patient.is_some_and(|ns| rules.is_within(units, ns)) {
                        return Err(TooEarly(Some(wait)));
                    }
                    let reserved = Reserved {
                        word: next,
                        before: next.wrapping_sub(rules.price(cost)),
                        wait,
                        #[cfg(all(feature = "control", not(loom)))]
                        of: std::ptr::from_ref(self).addr(),
                    };
                    if self.reserve(word, reserved, rules.beyond(ahead)) {
                        return Ok(Some(reserved));
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
        self.hot.reach.fetch_max(reach, Ordering::Relaxed);
        self.change(word, reserved.word)
    }

    /// Gives back the turn of a call that is dropped while it waits, if no other call has come since.
    pub(crate) fn give_back(&self, reserved: Reserved) {
        #[cfg(all(feature = "control", not(loom)))]
        if reserved.of != std::ptr::from_ref(self).addr() {
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
    fn load(&self) -> u64 {
        self.hot.word.load(Ordering::Acquire)
    }

    #[inline(always)]
    fn reach(&self) -> u64 {
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

    /// Returns how many calls of cost 1 would be let in now; `u32::MAX` as long as nothing
    /// is limited.
    pub(crate) fn available(&self, clock: impl Fn() -> u64) -> u32 {
        instead!(self.available(clock));
        let Some(rules) = self.rules() else {
            return u32::MAX;
        };
        rules.left(self.ahead(rules, clock))
    }

    /// Returns the time until a call of cost 1 would be let in.
    pub(super) fn next_in(&self, clock: impl Fn() -> u64) -> Duration {
        instead!(self.next_in(clock));
        let Some(rules) = self.rules() else {
            return Duration::ZERO;
        };
        rules.until_next(self.ahead(rules, clock))
    }

    /// Whether a new rate limit would let in the same calls from `ns` on, in nanoseconds.
    pub(super) fn is_at_rest(&self, ns: u64) -> bool {
        instead!(self.is_at_rest(ns));
        self.rules()
            .is_none_or(|rules| self.ahead(rules, || ns) == 0)
    }

    fn ahead(&self, rules: &Rules, clock: impl Fn() -> u64) -> u64 {
        let word = self.load();
        Rules::ahead(word, rules.at(clock()), self.reach())
    }
}
