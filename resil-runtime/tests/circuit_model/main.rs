//! The real breaker beside the reference model, by random sequences of calls, ends, time and the
//! hand, on a name and two of its keys. `PROPTEST_CASES=100000` runs more of them.

mod model;
mod policies;

use std::cell::RefCell;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use model::{Call, Model, Opens, Rules, State, Verdict};
use policies::{DAY, HOUR, SLOW, policies};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use resil_runtime::circuit::{CallPermit, CircuitPolicy, CircuitState, Counts};
use resil_runtime::{Breaker, Error, KeyedBreaker, breaker, clock};
use tokio::runtime::Runtime;

/// What may happen; the numbers choose among what there is.
#[derive(Clone, Copy, Debug)]
enum Op {
    Call {
        on: usize,
    },
    End {
        call: usize,
        verdict: Verdict,
    },
    /// So many calls that end at once, all in the same way: windows are filled, and emptied.
    Run {
        on: usize,
        calls: u8,
        verdict: Verdict,
    },
    /// It ends after the time at which a call is slow, or just before it.
    EndLate {
        call: usize,
        verdict: Verdict,
        short_by: u64,
    },
    /// It never comes back, and is not dropped either.
    Forget {
        call: usize,
    },
    Pass {
        ms: u64,
    },
    /// To the end of an opening, or to where lost probes lose their places, or just before it; then
    /// a call.
    Wait {
        on: usize,
        short_by: u64,
    },
    Hand {
        on: usize,
        what: u8,
    },
    /// Somebody begins to listen: what is up by then is made half-open.
    Listen,
}

fn op() -> impl Strategy<Value = Op> {
    let verdict = || {
        prop_oneof![
            4 => Just(Verdict::Failure),
            4 => Just(Verdict::Success),
            1 => Just(Verdict::Neutral),
        ]
    };
    let on = || prop_oneof![6 => Just(0_usize), 2 => Just(1), 1 => Just(2)];
    let call = || any::<usize>();
    prop_oneof![
        12 => on().prop_map(|on| Op::Call { on }),
        12 => (call(), verdict()).prop_map(|(call, verdict)| Op::End { call, verdict }),
        5 => (call(), verdict(), 0..2_u64)
            .prop_map(|(call, verdict, short_by)| Op::EndLate { call, verdict, short_by }),
        3 => (on(), 2..10_u8, verdict())
            .prop_map(|(on, calls, verdict)| Op::Run { on, calls, verdict }),
        1 => call().prop_map(|call| Op::Forget { call }),
        4 => prop_oneof![0..30_u64, 0..300_u64, 0..3_000_u64].prop_map(|ms| Op::Pass { ms }),
        1 => prop_oneof![0..5 * HOUR, 0..5 * DAY, 0..50 * DAY].prop_map(|ms| Op::Pass { ms }),
        5 => (on(), 0..2_u64).prop_map(|(on, short_by)| Op::Wait { on, short_by }),
        1 => (on(), 0..6_u8).prop_map(|(on, what)| Op::Hand { on, what }),
        2 => Just(Op::Listen),
    ]
}

enum Real {
    Named(Breaker),
    Keyed(KeyedBreaker),
}

/// The same question to either handle.
macro_rules! ask {
    ($real:expr, $method:ident) => {
        match $real {
            Real::Named(b) => b.$method(),
            Real::Keyed(b) => b.$method(),
        }
    };
}

struct Pair {
    real: Real,
    model: Model,
}

impl Pair {
    fn call(&mut self, now: u64) -> Option<(CallPermit, Call)> {
        match (ask!(&self.real, try_acquire), self.model.call(now)) {
            (Ok(permit), Ok(call)) => Some((permit, call)),
            (Err(Error::CircuitOpen { retry_in, .. }), Err(wanted)) => {
                assert_eq!(retry_in, wanted.map(Duration::from_millis));
                None
            }
            (real, wanted) => panic!("{real:?}, not {wanted:?}"),
        }
    }

    fn end(&mut self, permit: CallPermit, call: Call, verdict: Verdict, now: u64) {
        let before = ask!(&self.real, state);
        match verdict {
            Verdict::Success => permit.success(),
            Verdict::Failure => permit.failure(),
            Verdict::Neutral => drop(permit),
        }
        let opens = self.model.end(call, verdict, now);
        let opened = before != CircuitState::Open && ask!(&self.real, state) == CircuitState::Open;
        let least = match opens {
            Opens::No => return assert!(!opened, "it opened"),
            Opens::Must(least) => least,
            Opens::May(least) if opened => least,
            Opens::May(_) => {
                // Its own window decides, as it is right after the outcome.
                let c: Counts = ask!(&self.real, counts);
                return assert!(!self.model.rate_trips((c.calls, c.failures, c.slow)));
            }
        };
        let Err(Error::CircuitOpen {
            retry_in: Some(wait),
            ..
        }) = ask!(&self.real, try_acquire)
        else {
            panic!("it did not open");
        };
        let wait = u64::try_from(wait.as_millis()).unwrap();
        assert!(
            (least..=least + least / 5).contains(&wait),
            "{least}: {wait}"
        );
        self.model.opened(now + wait);
    }

    fn hand(&mut self, what: u8) {
        match what {
            0 => {
                ask!(&self.real, force_open);
                self.model.by_hand(State::ForcedOpen);
            }
            1 => {
                ask!(&self.real, disable);
                self.model.by_hand(State::Disabled);
            }
            2 | 3 => {
                ask!(&self.real, reset);
                self.model.close();
            }
            _ => {
                ask!(&self.real, force_close);
                if !matches!(self.model.state, State::Closed { .. }) {
                    self.model.close();
                }
            }
        }
    }

    fn compare(&self, now: u64) {
        let counts: Counts = ask!(&self.real, counts);
        let wanted = match &self.model.state {
            State::Closed { row, .. } => {
                if self.model.rules.failures.is_some() {
                    assert_eq!(counts.failures_in_a_row, *row);
                }
                // Without a rate it keeps no window, and says so.
                let has_window =
                    self.model.rules.failure_rate.is_some() || self.model.rules.slow.is_some();
                let may = self.model.counts(now);
                let is = (counts.calls, counts.failures, counts.slow);
                assert!(
                    !has_window || may.contains(&is),
                    "{is:?}, not one of {may:?}"
                );
                CircuitState::Closed
            }
            State::Open { until, .. } if *until <= now => CircuitState::HalfOpen,
            State::Open { .. } => CircuitState::Open,
            State::HalfOpen { out, ok, .. } => {
                assert_eq!((counts.probes_out, counts.probes_succeeded), (*out, *ok));
                CircuitState::HalfOpen
            }
            State::ForcedOpen => CircuitState::ForcedOpen,
            State::Disabled => CircuitState::Disabled,
        };
        assert_eq!(ask!(&self.real, state), wanted);
        let mut cx = Context::from_waker(Waker::noop());
        let is_ready = match &self.real {
            Real::Named(b) => pin!(b.ready()).poll(&mut cx).is_ready(),
            Real::Keyed(b) => pin!(b.ready()).poll(&mut cx).is_ready(),
        };
        assert_eq!(is_ready, self.model.would_let_in(now));
    }
}

/// Gives the milliseconds that it took.
async fn run(name: Breaker, rules: Rules, ops: &[Op]) -> u64 {
    let reals = [
        Real::Named(name),
        Real::Keyed(name.key("a")),
        Real::Keyed(name.key("b")),
    ];
    let mut pairs = reals.map(|real| {
        ask!(&real, reset);
        Pair {
            real,
            model: Model::new(rules),
        }
    });
    let begin = 1 << 20;
    let mut now = begin;
    let mut out: Vec<(usize, CallPermit, Call)> = Vec::new();
    for op in ops {
        match *op {
            Op::Call { on } => {
                out.extend(pairs[on].call(now).map(|(permit, call)| (on, permit, call)));
            }
            Op::End { call, .. } | Op::EndLate { call, .. } | Op::Forget { call } => {
                if out.is_empty() {
                    continue;
                }
                let (on, permit, call) = out.swap_remove(call % out.len());
                if let Op::EndLate { short_by, .. } = *op {
                    pass(SLOW - short_by, &mut now).await;
                }
                match *op {
                    Op::End { verdict, .. } | Op::EndLate { verdict, .. } => {
                        pairs[on].end(permit, call, verdict, now);
                    }
                    _ => std::mem::forget(permit),
                }
            }
            Op::Run { on, calls, verdict } => {
                for _ in 0..calls {
                    if let Some((permit, call)) = pairs[on].call(now) {
                        pairs[on].end(permit, call, verdict, now);
                    }
                }
            }
            Op::Pass { ms } => pass(ms, &mut now).await,
            Op::Wait { on, short_by } => {
                let until = match pairs[on].model.state {
                    State::Open { until, .. } => until,
                    State::HalfOpen { last, .. } => last + pairs[on].model.rules.open_for,
                    _ => now,
                };
                pass(until.saturating_sub(now).saturating_sub(short_by), &mut now).await;
                out.extend(pairs[on].call(now).map(|(permit, call)| (on, permit, call)));
            }
            Op::Hand { on, what } => pairs[on].hand(what),
            Op::Listen => drop(name.changes()),
        }
        for pair in &pairs {
            pair.compare(now);
        }
    }
    now - begin
}

/// A clock and the breakers on it: all cases together take longer than a process lives, and what
/// one clock has seen is not to be found by another that begins again.
struct World {
    number: u32,
    runtime: Runtime,
    passed: u64,
}

impl World {
    const LASTS: u64 = 5 * 365 * DAY;

    fn new(number: u32) -> Self {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build();
        Self {
            number,
            runtime: runtime.unwrap(),
            passed: 0,
        }
    }

    fn run(&mut self, which: usize, (policy, rules): (CircuitPolicy, Rules), ops: &[Op]) {
        if self.passed > Self::LASTS {
            *self = Self::new(self.number + 1);
        }
        let name = breaker(&format!("model.{}.{which}", self.number));
        assert!(name.configure(policy));
        self.passed += self.runtime.block_on(run(name, rules, ops));
    }
}

async fn pass(ms: u64, now: &mut u64) {
    *now += ms;
    tokio::time::advance(Duration::from_millis(ms)).await;
}

#[test]
fn the_breaker_does_what_the_model_does() {
    let cases = std::env::var("PROPTEST_CASES").map_or(10_000, |n| n.parse().expect("a number"));
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    // Milliseconds are counted from the first that somebody asks for: not from a year to come.
    clock::now_ms();
    let policies = policies();
    let world = RefCell::new(World::new(0));
    let sequence = (0..policies.len(), prop::collection::vec(op(), 1..=60));
    TestRunner::new(config)
        .run(&sequence, |(which, ops)| {
            world.borrow_mut().run(which, policies[which], &ops);
            Ok(())
        })
        .unwrap_or_else(|e| panic!("{e}"));
}
