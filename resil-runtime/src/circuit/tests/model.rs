//! A reference model, as plain as can be, beside the real machine: seeded random operations, every
//! answer compared.

use std::cell::Cell;
use std::collections::VecDeque;
use std::time::Duration;

use crate::circuit::breaker::BreakerCore;
use crate::circuit::policy::{CircuitPolicy, Window};
use crate::circuit::rules::{Rules, Span};
use crate::circuit::verdict::CircuitVerdict;
use crate::circuit::word::Stamp;
use crate::event::circuit_state::CircuitState;

thread_local! {
    static NOW: Cell<u64> = const { Cell::new(1 << 34) };
}

const HOUR: u64 = 3_600_000;

fn now() -> u64 {
    NOW.get()
}

fn advance(by: u64) {
    NOW.set(now() + by);
}

enum State {
    Closed {
        row: u32,
        /// All outcomes of this period: when, whether it failed, whether it was slow.
        outcomes: VecDeque<(u64, bool, bool)>,
    },
    Open {
        until: u64,
        growth: u32,
    },
    HalfOpen {
        out: u32,
        ok: u32,
        growth: u32,
        last: u64,
        /// How often probes have lost their places.
        round: u32,
    },
    ForcedOpen,
    Disabled,
}

struct Model {
    rules: Rules,
    state: State,
    period: u64,
}

const EMPTY: State = State::Closed {
    row: 0,
    outcomes: VecDeque::new(),
};

impl Model {
    fn enter(&mut self, state: State) {
        self.period += 1;
        self.state = state;
    }

    /// `Ok`: the period of the permit, and the round of a probe in it.
    fn admit(&mut self) -> Result<(u64, u32), Option<u64>> {
        match &mut self.state {
            State::Closed { .. } | State::Disabled => Ok((self.period, 0)),
            State::ForcedOpen => Err(None),
            State::Open { until, .. } if now() < *until => Err(Some(*until - now())),
            State::Open { growth, .. } => {
                let growth = *growth;
                self.enter(State::HalfOpen {
                    out: 1,
                    ok: 0,
                    growth,
                    last: now(),
                    round: 0,
                });
                Ok((self.period, 0))
            }
            State::HalfOpen {
                out,
                ok,
                last,
                round,
                ..
            } => {
                if *out + *ok >= self.rules.probes {
                    if now() - *last < self.rules.open_for {
                        return Err(None);
                    }
                    *out = 0;
                    *round += 1;
                }
                *out += 1;
                *last = now();
                Ok((self.period, *round))
            }
        }
    }

    /// True if it opened: the time is random, and read off the real one.
    fn record(
        &mut self,
        (period, of): (u64, u32),
        verdict: CircuitVerdict,
        slow: bool,
    ) -> Option<u32> {
        if period != self.period {
            return None;
        }
        match &mut self.state {
            State::Closed { row, outcomes } => {
                let failed = match verdict {
                    CircuitVerdict::Neutral => return None,
                    v => v == CircuitVerdict::Failure,
                };
                *row = if failed { *row + 1 } else { 0 };
                outcomes.push_back((now(), failed, slow));
                let in_a_row = self.rules.failures != 0 && *row >= self.rules.failures;
                let (calls, failures, slow) = window(&self.rules, outcomes);
                let reached = |n: u64, ratio: Option<f64>| {
                    ratio.is_some_and(|ratio| n > 0 && n as f64 / calls as f64 >= ratio)
                };
                let by_rate = self.rules.rate.is_some_and(|r| {
                    calls >= u64::from(r.min_calls)
                        && (reached(failures, r.failed) || reached(slow, r.slow))
                });
                (in_a_row || by_rate).then_some(0)
            }
            State::HalfOpen {
                out,
                ok,
                growth,
                round,
                ..
            } => {
                *out -= u32::from(of == *round);
                match verdict {
                    CircuitVerdict::Neutral => None,
                    CircuitVerdict::Failure => Some(*growth + 1),
                    CircuitVerdict::Success => {
                        *ok += 1;
                        if *ok == self.rules.probes {
                            self.enter(EMPTY);
                        }
                        None
                    }
                }
            }
            State::Open { .. } | State::ForcedOpen | State::Disabled => None,
        }
    }

    fn public(&self) -> CircuitState {
        match self.state {
            State::Closed { .. } => CircuitState::Closed,
            State::Open { .. } => CircuitState::Open,
            State::HalfOpen { .. } => CircuitState::HalfOpen,
            State::ForcedOpen => CircuitState::ForcedOpen,
            State::Disabled => CircuitState::Disabled,
        }
    }
}

/// Calls, failures and slow calls in the window now.
fn window(rules: &Rules, outcomes: &VecDeque<(u64, bool, bool)>) -> (u64, u64, u64) {
    let Some(rate) = rules.rate else {
        return (0, 0, 0);
    };
    let within = |(i, (at, ..)): &(usize, &(u64, bool, bool))| match rate.window {
        Span::Calls(n) => *i < n as usize,
        Span::Millis(w) => now() * 10 / w - *at * 10 / w < 10,
    };
    let recent = outcomes.iter().rev().enumerate().filter(within);
    recent.fold((0, 0, 0), |(calls, failures, slow), (_, (_, f, s))| {
        (calls + 1, failures + u64::from(*f), slow + u64::from(*s))
    })
}

/// xorshift64: the same run for the same seed.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }
}

fn run(policy: CircuitPolicy, seed: u64, steps: u32) {
    let core = BreakerCore::new("model");
    core.adopt(&policy, "model", now).unwrap();
    let mut model = Model {
        rules: policy.rules(),
        state: EMPTY,
        period: 0,
    };
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut out: Vec<(Stamp, (u64, u32))> = Vec::new();
    // How bad the weather is changes, so that health, storms and recovery all occur.
    let mut bad = 1;
    for step in 0..steps {
        if dice.throw(50) == 0 {
            bad = [0, 1, 5, 9][usize::try_from(dice.throw(4)).unwrap()];
        }
        match dice.throw(100) {
            0..45 => {
                let (real, wanted) = (core.admit(now), model.admit());
                match (real, wanted) {
                    (Ok(stamp), Ok(period)) => out.push((stamp, period)),
                    (Err(real), Err(wanted)) => assert_eq!(real, wanted, "step {step}"),
                    (real, wanted) => panic!("step {step}: {real:?}, not {wanted:?}"),
                }
            }
            45..90 => {
                if out.is_empty() {
                    continue;
                }
                let which = dice.throw(out.len() as u64);
                let (stamp, period) = out.swap_remove(usize::try_from(which).unwrap());
                let verdict = match dice.throw(10) {
                    n if n < bad => CircuitVerdict::Failure,
                    9 => CircuitVerdict::Neutral,
                    _ => CircuitVerdict::Success,
                };
                let slow = model.rules.slow_after != 0 && dice.throw(10) < bad;
                if slow {
                    core.record_timed(stamp, verdict, slow, now);
                } else if verdict != CircuitVerdict::Success || !core.is_quiet() {
                    core.record(stamp, verdict, now);
                }
                if let Some(growth) = model.record(period, verdict, slow) {
                    let rules = &model.rules;
                    let least = rules.open_time(growth);
                    let Err(Some(wait)) = core.admit(now) else {
                        panic!("step {step}: it did not open")
                    };
                    assert!((least..=least + least / 5).contains(&wait));
                    model.enter(State::Open {
                        until: now() + wait,
                        growth,
                    });
                }
            }
            90..97 => advance(dice.throw(model.rules.open_for / 2 + 2)),
            97 if dice.throw(8) == 0 => advance(dice.throw(100 * HOUR)),
            97 => advance(dice.throw(model.rules.open_for * 3)),
            // A call that never comes back.
            98 => drop(out.pop()),
            _ => by_hand(&core, &mut model, dice.throw(20)),
        }
        assert_eq!(core.state(), model.public(), "step {step}");
        compare_counts(&core, &model, step);
    }
}

fn by_hand(core: &BreakerCore, model: &mut Model, what: u64) {
    match what {
        0 => {
            core.force_open();
            if !matches!(model.state, State::ForcedOpen) {
                model.enter(State::ForcedOpen);
            }
        }
        1 => {
            core.disable();
            if !matches!(model.state, State::Disabled) {
                model.enter(State::Disabled);
            }
        }
        2 => {
            core.reset();
            model.enter(EMPTY);
        }
        _ => {
            core.force_close();
            if !matches!(model.state, State::Closed { .. }) {
                model.enter(EMPTY);
            }
        }
    }
}

fn compare_counts(core: &BreakerCore, model: &Model, step: u32) {
    let counts = core.counts(now);
    match &model.state {
        State::Closed { row, outcomes } => {
            if model.rules.failures != 0 {
                assert_eq!(counts.failures_in_a_row, *row, "step {step}");
            }
            if let Some(rate) = model.rules.rate {
                let (mut calls, failures, slow) = window(&model.rules, outcomes);
                if let Span::Calls(n) = rate.window {
                    calls = calls.min(u64::from(n));
                }
                assert_eq!(
                    (counts.calls, counts.failures, counts.slow),
                    (calls, failures, slow),
                    "step {step}"
                );
            }
        }
        State::HalfOpen { out, ok, .. } => {
            assert_eq!(
                (counts.probes_out, counts.probes_succeeded),
                (*out, *ok),
                "step {step}"
            );
        }
        State::Open { .. } | State::ForcedOpen | State::Disabled => {}
    }
}

#[test]
fn the_machine_does_what_the_model_does() {
    let base = CircuitPolicy::new().open_for(Duration::from_millis(200));
    let timed = Window::Time(Duration::from_millis(500));
    let rate = |ratio| base.failure_rate(ratio);
    let slow = base.slow(Duration::from_millis(1));
    let policies = [
        base,
        base.failures(1).probes(3),
        rate(0.5).window(Window::Calls(10)),
        rate(0.75).window(Window::Calls(4)).failures(3).probes(2),
        rate(0.3).window(Window::Calls(100)).min_calls(10),
        rate(0.9).window(Window::Calls(33)).probes(5),
        rate(0.5).window(timed),
        rate(0.6).window(timed).min_calls(5).failures(8).probes(2),
        slow.window(Window::Calls(10)),
        slow.slow_rate(0.5).window(Window::Calls(20)).failures(4),
        slow.slow_rate(0.6)
            .failure_rate(0.5)
            .window(Window::Calls(33)),
        slow.slow_rate(0.7).window(timed).min_calls(5),
        slow.slow_rate(0.7).failure_rate(0.7).window(timed),
    ];
    for policy in policies {
        for seed in 1..=20 {
            run(policy, seed, 4_000);
        }
    }
}
