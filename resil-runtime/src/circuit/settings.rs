//! What does not come from calls: settings that a breaker is given, the hand, and looking at it.

use super::Counts;
use super::counted::{Counted, Tally};
use super::machine::{Clock, Core};
use super::policy::CircuitPolicy;
use super::rules::{Rules, Span};
use super::timed::Timed;
use super::word::{State, Word};
use crate::sync::broken;

/// What the first function with settings gave, and the memory that its rules need.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) rules: Rules,
    pub(super) window: Memory,
    /// The function that they are of.
    owner: &'static str,
}

#[derive(Debug)]
pub(super) enum Memory {
    None,
    // In boxes: lines of their own, of which most breakers have none.
    Counted(Box<Counted>),
    Timed(Box<Timed>),
}

/// Until somebody sets something: no window, so no memory.
pub(super) static DEFAULTS: Settings = Settings {
    rules: CircuitPolicy::new().rules(),
    window: Memory::None,
    owner: "",
};

impl Settings {
    fn new(rules: Rules, owner: &'static str, is_one_of_many: bool) -> Self {
        let window = match rules.rate.map(|r| r.window) {
            None => Memory::None,
            Some(Span::Calls(n)) => Memory::Counted(Box::new(Counted::new(n))),
            Some(Span::Millis(ms)) if is_one_of_many => {
                Memory::Timed(Box::new(Timed::with_shards(ms, 1)))
            }
            Some(Span::Millis(ms)) => Memory::Timed(Box::new(Timed::new(ms))),
        };
        Self {
            rules,
            window,
            owner,
        }
    }

    /// Closed, and nothing counted. A window that is empty wants successes too.
    pub(super) fn closed(&self) -> State {
        State::Closed {
            in_a_row: 0,
            noisy: !matches!(self.window, Memory::None),
        }
    }
}

impl Core {
    /// Takes the settings of `owner`, if nobody has set any; else says whose are in use where they
    /// differ.
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
        let mut mine = false;
        if broken("adopt_in_one") {
            mine = self.settings.get().is_none();
        }
        let settings = self.settings.get_or_init(|| {
            mine = true;
            Settings::new(rules, owner, self.key().is_some())
        });
        if mine {
            // Before the word: who finds the generation that begins then finds this too.
            self.set_slow_after(rules.slow_after);
            self.begin_anew(settings, clock);
            Ok(())
        } else if settings.rules == rules {
            Ok(())
        } else {
            Err(settings.owner)
        }
    }

    /// Takes the settings of the breaker that it is a key of, once that one has some. Whose they are
    /// is known there.
    pub(super) fn adopt_of(&self, base: &Self, clock: Clock) {
        if self.settings.get().is_none()
            && let Some(settings) = base.settings.get()
        {
            // Nobody else gives it any, so they can't differ.
            let _ = self.adopt_rules(settings.rules, settings.owner, clock);
        }
    }

    /// A new generation in the same state, so that what was counted by other rules does not mix.
    fn begin_anew(&self, settings: &Settings, clock: Clock) {
        loop {
            let word = self.load();
            let to = match word.state() {
                State::Closed { .. } => settings.closed(),
                State::HalfOpen { growth, .. } => State::HalfOpen {
                    out: 0,
                    ok: 0,
                    growth,
                    grant: 0,
                },
                // Not longer than these settings would have it.
                State::Open { until, growth } => State::Open {
                    until: until.min(clock().saturating_add(settings.rules.open_time(growth))),
                    growth,
                },
                by_hand => by_hand,
            };
            let to = if broken("adopt_generation") {
                word.with(to)
            } else {
                word.next(to)
            };
            if self.change(word, to) {
                return;
            }
        }
    }

    pub(crate) fn force_open(&self) {
        self.become_by_hand(|word, _| {
            (word.state() != State::ForcedOpen).then_some(State::ForcedOpen)
        });
    }

    pub(crate) fn force_close(&self) {
        self.become_by_hand(|word, settings| (!word.is_closed()).then(|| settings.closed()));
    }

    pub(crate) fn disable(&self) {
        self.become_by_hand(|word, _| (word.state() != State::Disabled).then_some(State::Disabled));
    }

    pub(crate) fn reset(&self) {
        self.become_by_hand(|_, settings| Some(settings.closed()));
    }

    fn become_by_hand(&self, to: impl Fn(Word, &Settings) -> Option<State>) {
        loop {
            let word = self.load();
            let Some(state) = to(word, self.settings()) else {
                return;
            };
            if self.change(word, word.next(state)) {
                return;
            }
        }
    }

    #[cfg(loom)]
    pub(crate) fn generation(&self) -> u32 {
        self.load().generation()
    }

    /// The failures of a counted window by its ring.
    #[cfg(loom)]
    pub(crate) fn set_bits(&self) -> u64 {
        match &self.settings().window {
            Memory::Counted(window) => window.set_bits(self.generation()),
            _ => 0,
        }
    }

    /// The state that was told last: see [`state_at`](Self::state_at).
    #[cfg(any(test, loom))]
    pub(crate) fn state(&self) -> super::CircuitState {
        self.load().state().into()
    }

    /// What is counted in the present state.
    pub(crate) fn counts(&self, clock: Clock) -> Counts {
        let word = self.load();
        let mut counts = Counts::default();
        match word.state() {
            State::Closed { in_a_row, .. } => {
                counts.failures_in_a_row = in_a_row;
                let tally = match &self.settings().window {
                    Memory::Counted(window) => window.tally(word.generation()),
                    Memory::Timed(window) => Some(window.tally(word.generation(), clock())),
                    Memory::None => Some(Tally {
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
