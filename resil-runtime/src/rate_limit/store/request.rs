//! The arithmetic of a rate limit in a store, over its clock in microseconds.

use std::time::Duration;

use crate::clock;
use crate::rate_limit::rules::greatest_common_divisor;
use crate::rate_limit::settings::RateLimitSettings;

/// The most that is owed by a burst and by waiting, in units. Twice as much is a whole number that a
/// double holds exactly, and the scripts of Redis count in doubles.
const MOST: u64 = 1 << 52;

/// A call that asks a store to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TakeRequest {
    rate: u64,
    price: u64,
    tolerance: u64,
    patience: Option<u64>,
}

/// What the calls that were let in owe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LimitState {
    /// The instant, in microseconds since the zero of the store's clock.
    pub at: u64,
    /// What is owed at that instant, in units.
    pub owed: u64,
    /// The units that are paid in a microsecond.
    pub rate: u64,
}

/// The answer of a store to a call that asks to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TakeAnswer {
    /// The call is let in now, and was counted.
    Now {
        /// The state with this call as the last one, at the store's time now.
        state: LimitState,
    },
    /// The call is let in later, and was counted.
    Turn {
        /// The time until its turn, at least one microsecond.
        wait: Duration,
        /// The state with this call as the last one, at the store's time now.
        state: LimitState,
    },
    /// The call is too early, and changed nothing.
    TooEarly {
        /// The time until it would be let in, at least one microsecond.
        wait: Duration,
        /// The state without this call, at the store's time now.
        state: LimitState,
    },
}

impl TakeRequest {
    /// Makes the request of a call that weighs `cost` and may wait for `patience`, if it may wait.
    /// Returns `None` if the call costs more than the burst: it can never be let in.
    pub fn new(
        settings: &RateLimitSettings,
        cost: u32,
        patience: Option<Duration>,
    ) -> Option<Self> {
        let per = u128::from(clock::nanos(settings.per).max(1));
        // So many calls are paid for in `per` times a thousand, counted as `per` is.
        let max = u128::from(settings.max) * 1_000;
        let exact = max / greatest_common_divisor(per, max);
        let longest = settings
            .wait
            .map_or(0, micros)
            .max(patience.map_or(0, micros));
        let span = u128::from(settings.burst) * per / max + u128::from(longest) + 1;
        let fits = (u128::from(MOST) / span).max(1);
        let rate = exact.min(fits);
        // Rounded up where no whole number fits: calls are let in a little slower, never faster.
        let emission = u64::try_from((per * rate).div_ceil(max)).unwrap_or(MOST);
        let most = u32::try_from(MOST / emission.min(MOST)).unwrap_or(u32::MAX);
        let burst = settings.burst.min(most);
        (cost <= burst).then(|| Self {
            rate: u64::try_from(rate).unwrap_or(MOST),
            price: u64::from(cost) * emission,
            tolerance: u64::from(burst) * emission,
            patience: patience.map(micros),
        })
    }

    /// Returns a request that takes nothing, and is let in whatever is owed: a sign of life.
    pub const fn of_nothing() -> Self {
        Self {
            rate: 1,
            price: 0,
            tolerance: MOST,
            patience: None,
        }
    }

    /// Returns the units that are paid in a microsecond.
    pub const fn rate(&self) -> u64 {
        self.rate
    }

    /// Returns what the call owes, in units.
    pub const fn price(&self) -> u64 {
        self.price
    }

    /// Returns what may be owed by calls that are let in at once, in units: the burst.
    pub const fn tolerance(&self) -> u64 {
        self.tolerance
    }

    /// Returns the longest time that the call waits for its turn, in microseconds; `None` if it does
    /// not wait.
    pub const fn patience(&self) -> Option<u64> {
        self.patience
    }

    /// Lets the call in, now or later, or refuses it. `kept` is the state of its key, and `now` the
    /// store's time in microseconds. Returns the answer; unless it is
    /// [`TooEarly`](TakeAnswer::TooEarly), its state is to be kept.
    ///
    /// A clock that was set back takes nothing away from what is owed.
    pub fn step(&self, kept: Option<LimitState>, now: u64) -> TakeAnswer {
        let owed = kept.map_or(0, |kept| {
            let passed = now.saturating_sub(kept.at);
            let owed = kept.owed_in(self.rate);
            owed.saturating_sub(passed.saturating_mul(self.rate))
        });
        let state = |owed| LimitState {
            at: now,
            owed,
            rate: self.rate,
        };
        let with = owed.saturating_add(self.price);
        let early = with.saturating_sub(self.tolerance).div_ceil(self.rate);
        let wait = Duration::from_micros(early);
        match self.patience {
            _ if early == 0 => TakeAnswer::Now { state: state(with) },
            Some(patience) if early <= patience => TakeAnswer::Turn {
                wait,
                state: state(with),
            },
            _ => TakeAnswer::TooEarly {
                wait,
                state: state(owed),
            },
        }
    }
}

impl LimitState {
    /// Returns what is owed, in units of which `rate` are paid in a microsecond.
    fn owed_in(self, rate: u64) -> u64 {
        if self.rate == rate {
            return self.owed;
        }
        let owed = u128::from(self.owed) * u128::from(rate);
        let owed = owed.div_ceil(u128::from(self.rate.max(1)));
        u64::try_from(owed).unwrap_or(MOST).min(MOST)
    }

    /// Returns the time from [`at`](Self::at) on until nothing is owed any more.
    pub fn paid_in(&self) -> Duration {
        Duration::from_micros(self.owed.div_ceil(self.rate.max(1)))
    }
}

impl TakeAnswer {
    /// Returns the state that the answer tells, at the store's time.
    pub const fn state(&self) -> LimitState {
        match self {
            Self::Now { state } | Self::Turn { state, .. } | Self::TooEarly { state, .. } => *state,
        }
    }

    /// Returns the store's time at which the call is let in, in microseconds; `None` if it is not.
    pub fn admitted_at(&self) -> Option<u64> {
        match self {
            Self::Now { state } => Some(state.at),
            Self::Turn { wait, state } => Some(state.at.saturating_add(micros(*wait))),
            Self::TooEarly { .. } => None,
        }
    }
}

/// Returns `span` in microseconds, or about 30 years if that is shorter.
fn micros(span: Duration) -> u64 {
    clock::nanos(span) / 1_000
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::extremes::cases;
    use crate::rate_limit::rules::{Decision, Rules};

    fn settings(max: u32, per: Duration, burst: u32) -> RateLimitSettings {
        RateLimitSettings {
            max,
            per,
            burst,
            wait: None,
            max_keys: 1,
            on_outage: crate::rate_limit::OnOutage::Local,
        }
    }

    #[test]
    fn a_call_pays_a_whole_number_of_units() {
        let second = Duration::from_secs(1);
        for (max, per, rate, price) in [
            (100, second, 1, 10_000),
            (3, second, 3, 1_000_000),
            (300_000, second, 3, 10),
            (7, Duration::from_nanos(7), 1_000, 1),
            (60, Duration::from_secs(60), 1, 1_000_000),
        ] {
            let request = TakeRequest::new(&settings(max, per, max), 1, None).expect("possible");
            assert_eq!(
                (request.rate, request.price),
                (rate, price),
                "{max} {per:?}"
            );
        }
    }

    #[test]
    fn settings_of_every_size_fit_a_double() {
        let sizes = [1, 2, 3, 1_000, 65_537, u32::MAX - 4, u32::MAX];
        for per in [
            Duration::from_nanos(1),
            Duration::from_secs(1),
            Duration::MAX,
        ] {
            for (max, burst) in sizes
                .iter()
                .flat_map(|max| sizes.map(|burst| (*max, burst)))
            {
                let mut settings = settings(max, per, burst);
                settings.wait = Some(Duration::MAX);
                let one = TakeRequest::new(&settings, 1, settings.wait).expect("possible");
                assert!(one.rate > 0 && one.price > 0, "{settings:?}");
                assert!(one.tolerance <= MOST, "{settings:?}");
                // A whole burst, and the longest wait for one more.
                let most = u128::from(one.tolerance)
                    + u128::from(micros(Duration::MAX)) * u128::from(one.rate);
                assert!(most <= 1 << 53, "{settings:?}");
                let told = one.step(None, 1 << 50);
                assert!(matches!(told, TakeAnswer::Now { .. }), "{settings:?}");
            }
        }
        assert!(TakeRequest::new(&settings(9, Duration::from_secs(1), 3), 4, None).is_none());
    }

    #[test]
    fn a_clock_that_is_set_back_takes_nothing_away() {
        let one = TakeRequest::new(&settings(1, Duration::from_secs(1), 1), 1, None);
        let one = one.expect("possible");
        let TakeAnswer::Now { state } = one.step(None, 5_000_000) else {
            panic!("the first one");
        };
        let TakeAnswer::TooEarly { wait, state } = one.step(Some(state), 1_000_000) else {
            panic!("it is owed");
        };
        assert_eq!(wait, Duration::from_secs(1));
        assert_eq!((state.at, state.owed), (1_000_000, 1_000_000));
    }

    #[test]
    fn other_settings_go_on_from_what_is_owed() {
        let second = Duration::from_secs(1);
        // Owes half a second, in units of which three are paid in a microsecond.
        let state = LimitState {
            at: 7,
            owed: 1_500_000,
            rate: 3,
        };
        let one = TakeRequest::new(&settings(10, second, 1), 1, None).expect("possible");
        let TakeAnswer::TooEarly { wait, .. } = one.step(Some(state), 7) else {
            panic!("half a second is owed, and a tenth is the burst");
        };
        assert_eq!(wait, Duration::from_millis(500));
        assert_eq!(state.paid_in(), Duration::from_millis(500));
    }

    proptest! {
        #![proptest_config(cases())]

        /// At whole microseconds a store lets in, makes wait and refuses what a host alone would.
        #[test]
        fn it_does_what_a_limit_of_one_host_does(
            max in 1_u32..=65_536,
            per in 1_u64..=5_000_000,
            burst in 1_u32..=1_000,
            patience in prop_oneof![Just(None), (1_u64..3_000_000).prop_map(Some)],
            calls in prop::collection::vec((0_u64..2_000, 1_u32..4), 1..60),
        ) {
            let mut settings = settings(max, Duration::from_micros(per), burst);
            settings.wait = patience.map(Duration::from_micros);
            let rules = Rules::new(&settings);
            let begin = 1 << 40;
            let (mut word, mut kept, mut now) = (rules.at(begin * 1_000), None, 0);
            // As far as a wait has ever put the word.
            let mut reach = rules.reach();
            for (thousandths, cost) in calls {
                now += per * thousandths / u64::from(max) / 500;
                let at = rules.at((begin + now) * 1_000);
                let host = (cost <= burst).then(|| rules.decide(word, at, reach, cost));
                let request = TakeRequest::new(&settings, cost, settings.wait);
                let store = request.map(|request| request.step(kept, begin + now));
                let longest = settings.wait.map_or(0, crate::clock::nanos);
                match (host, store) {
                    (None, None) => {}
                    (Some(Decision::Now(next)), Some(TakeAnswer::Now { state })) => {
                        word = next;
                        kept = Some(state);
                    }
                    (Some(Decision::Later { units, ahead, next }), Some(answer)) => {
                        // A store counts whole microseconds.
                        let micros = rules.duration(units).as_nanos().div_ceil(1_000);
                        match answer {
                            TakeAnswer::Turn { wait, state } => {
                                prop_assert_eq!(wait.as_micros(), micros);
                                prop_assert!(rules.is_within(units, longest));
                                reach = reach.max(rules.beyond(ahead));
                                word = next;
                                kept = Some(state);
                            }
                            TakeAnswer::TooEarly { wait, .. } => {
                                prop_assert_eq!(wait.as_micros(), micros);
                                prop_assert!(micros * 1_000 > u128::from(longest));
                            }
                            TakeAnswer::Now { .. } => prop_assert!(false, "the host refuses"),
                        }
                    }
                    other => prop_assert!(false, "{other:?}"),
                }
            }
        }
    }
}
