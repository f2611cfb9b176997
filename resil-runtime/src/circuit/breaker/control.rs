//! Adopting settings, manual control, and inspection: everything beside letting calls in and
//! recording their outcomes.

use super::{BreakerCore, Clock};
use crate::circuit::counts::Counts;
use crate::circuit::machine;
use crate::circuit::policy::CircuitPolicy;
use crate::circuit::rules::Rules;
use crate::circuit::settings::{Settings, WindowStore};
use crate::circuit::window::Tally;
use crate::circuit::word::{State, Word};
#[cfg(all(feature = "control", not(loom)))]
use crate::named::MANUAL;
#[cfg(all(feature = "control", not(loom)))]
use crate::sync::Ordering;
use crate::sync::broken;

impl BreakerCore {
    /// Adopts the settings of `owner`, if none are in use.
    ///
    /// # Errors
    ///
    /// Returns the function whose settings are in use, if they differ.
    pub(crate) fn adopt(
        &self,
        policy: &CircuitPolicy,
        owner: &'static str,
        clock: Clock,
    ) -> Result<(), &'static str> {
        self.adopt_rules(policy.rules(), owner, clock)
    }

    fn adopt_rules(
        &self,
        rules: Rules,
        owner: &'static str,
        clock: Clock,
    ) -> Result<(), &'static str> {
        let mut is_mine = false;
        if broken("adopt_in_one") {
            is_mine = self.settings.get().is_none();
        }
        let settings = self.settings.get_or_init(|| {
            is_mine = true;
            Settings::new(rules, owner, self.key().is_some())
        });
        if is_mine {
            self.begin_anew(&self.settings(), clock);
            Ok(())
        } else if settings.rules == rules {
            Ok(())
        } else {
            Err(settings.owner)
        }
    }

    /// Adopts the settings of `base`, the breaker of the name that this key is under, once `base`
    /// has some.
    pub(crate) fn adopt_of(&self, base: &Self, clock: Clock) {
        if self.settings.written().is_none()
            && let Some(settings) = base.settings.written()
        {
            // Only this function gives settings to the breaker of a key, so they cannot differ.
            let _ = self.adopt_rules(settings.rules, settings.owner, clock);
        }
        #[cfg(all(feature = "control", not(loom)))]
        self.follow(base, clock);
    }

    /// Puts the settings of `policy` in the place of those that were adopted, or takes these again. What
    /// was counted by others counts no longer; an open breaker stays open, no longer than the settings
    /// allow.
    #[cfg(all(feature = "control", not(loom)))]
    pub(crate) fn replace(&self, policy: Option<&CircuitPolicy>, clock: Clock) {
        let same = match policy {
            Some(policy) => policy.rules() == self.settings().rules,
            None => !self.settings.is_replaced(),
        };
        // What is counted stays where nothing changes.
        if same {
            return;
        }
        let one_of_many = self.key().is_some();
        let instead = policy.map(|policy| Settings::new(policy.rules(), MANUAL, one_of_many));
        self.settings.replace(instead);
        self.begin_anew(&self.settings(), clock);
    }

    /// Uses the same settings as `base`, the breaker of the name that this key is under.
    #[cfg(all(feature = "control", not(loom)))]
    fn follow(&self, base: &Self, clock: Clock) {
        let make = |of: &Settings| Settings::new(of.rules, of.owner, true);
        if self.settings.follow(&base.settings, make) {
            self.begin_anew(&self.settings(), clock);
        }
    }

    /// Changes the word to a new generation, with nothing counted by other settings.
    fn begin_anew(&self, settings: &Settings, clock: Clock) {
        loop {
            let word = self.load();
            if self.change(word, machine::adopted(word, settings, clock)) {
                return;
            }
        }
    }

    /// Opens the breaker until another manual change.
    pub(crate) fn force_open(&self) {
        self.change_manually(|word, _| {
            (word.state() != State::ForcedOpen).then_some(State::ForcedOpen)
        });
    }

    /// Closes the breaker, with nothing counted, unless it is closed.
    pub(crate) fn force_close(&self) {
        self.change_manually(|word, settings| (!word.is_closed()).then(|| settings.closed()));
    }

    /// Lets all calls pass and counts nothing, until another manual change.
    pub(crate) fn disable(&self) {
        self.change_manually(|word, _| {
            (word.state() != State::Disabled).then_some(State::Disabled)
        });
    }

    /// Closes the breaker, with nothing counted, also if it is closed.
    pub(crate) fn reset(&self) {
        self.change_manually(|_, settings| Some(settings.closed()));
    }

    fn change_manually(&self, to: impl Fn(Word, &Settings) -> Option<State>) {
        loop {
            let word = self.load();
            let Some(state) = to(word, &self.settings()) else {
                return;
            };
            if self.change(word, word.next(state)) {
                return;
            }
        }
    }

    /// Begins as all breakers of the name were forced to. Nobody knows this one yet, so it is no change.
    #[cfg(all(feature = "control", not(loom)))]
    pub(crate) fn begin_forced(&self) {
        if let Some(state) = self.forced() {
            let word = self.load().next(state);
            self.hot.0.word.store(word.0, Ordering::Release);
        }
    }

    /// Returns the state to which all breakers of the name were forced, if they were.
    #[cfg(all(feature = "control", not(loom)))]
    pub(crate) fn forced(&self) -> Option<State> {
        self.identity.name().forced().state()
    }

    #[cfg(loom)]
    pub(crate) fn generation(&self) -> u32 {
        self.load().generation()
    }

    /// Returns the failures in the ring of a counted window.
    #[cfg(loom)]
    pub(crate) fn set_bits(&self) -> u64 {
        let settings = self.settings();
        match &settings.window {
            WindowStore::Counted(window) => window.set_bits(self.generation()),
            _ => 0,
        }
    }

    /// Returns the state that was told last: see [`state_at`](Self::state_at).
    #[cfg(any(test, loom))]
    pub(crate) fn state(&self) -> crate::event::circuit_state::CircuitState {
        self.load().state().into()
    }

    /// Returns the counts of the present state.
    pub(crate) fn counts(&self, clock: Clock) -> Counts {
        let word = self.load();
        let mut counts = Counts::default();
        match word.state() {
            State::Closed { in_a_row, .. } => {
                counts.failures_in_a_row = in_a_row;
                let settings = self.settings();
                let tally = match &settings.window {
                    WindowStore::Counted(window) => window.tally(word.generation()),
                    WindowStore::Timed(window) => Some(window.tally(word.generation(), clock())),
                    WindowStore::None => Some(Tally {
                        calls: u64::from(in_a_row),
                        failures: u64::from(in_a_row),
                        slow: 0,
                        settled: false,
                    }),
                };
                if let Some(tally) = tally {
                    counts.calls = tally.calls;
                    counts.failures = tally.failures;
                    counts.slow = tally.slow;
                }
            }
            State::HalfOpen { out, ok, .. } => {
                counts.probes_out = out;
                counts.probes_succeeded = ok;
            }
            State::Open { .. } | State::ForcedOpen | State::Disabled => {}
        }
        counts
    }
}
