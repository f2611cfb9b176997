//! The state word of a breaker: who changes it, and who comes too late.

use std::sync::Arc;
use std::time::Duration;

use ::loom::future::block_on;
use ::loom::thread;

use super::model::{Model, explore, explore_within};
use crate::circuit::CircuitVerdict::{Failure, Neutral, Success};
use crate::circuit::{BreakerCore, CircuitPolicy, CircuitState, Window};

pub(super) const MODELS: &[Model] = &[
    Model {
        name: "circuit: record against record at the threshold, in a row",
        check: in_a_row,
        variants: &["in_a_row_again", "change_in_one"],
    },
    Model {
        name: "circuit: trip against trip",
        check: trip_against_trip,
        variants: &["trip_stamp"],
    },
    Model {
        name: "circuit: a probe's drop against the take of its lost place",
        check: drop_against_lost_probe,
        variants: &["lost_round", "probe_dated_first", "probe_number"],
    },
    Model {
        name: "circuit: an old date against a newer probe",
        check: old_date_against_grant,
        variants: &["probe_dated_in_one", "probe_dated_first"],
    },
    Model {
        name: "circuit: a probe's success against its loss",
        check: success_against_lost_probe,
        variants: &["change_in_one"],
    },
    Model {
        name: "circuit: a late result against a reopening",
        check: late_against_reopen,
        variants: &["late_count"],
    },
    Model {
        name: "circuit: force-open against the success of the last probe",
        check: force_open_against_record,
        variants: &["change_in_one"],
    },
    Model {
        name: "circuit: a listener that makes it half-open against the call that probes",
        check: look_against_probe,
        variants: &["change_in_one"],
    },
    Model {
        name: "circuit: who waits for a place against the hand that lets go",
        check: ready_against_close,
        variants: &["heard_before_look"],
    },
    Model {
        name: "circuit: two adoptions",
        check: two_adoptions,
        variants: &["adopt_in_one"],
    },
    Model {
        name: "circuit: adoption against record",
        check: adoption_against_record,
        variants: &["adopt_generation"],
    },
    Model {
        name: "circuit: adoption of a rule about slow calls against a call",
        check: adoption_against_call,
        variants: &["adopt_generation", "change_in_one"],
    },
];

pub(super) const NOON: u64 = 1 << 34;

pub(super) fn noon() -> u64 {
    NOON
}

/// One `open_for` after noon, and two.
fn once_later() -> u64 {
    NOON + 4
}
fn twice_later() -> u64 {
    NOON + 8
}

/// Five ms after that, and eight: the places of `once_later` are lost, those that are let in then
/// are not.
fn and_a_bit() -> u64 {
    NOON + 9
}
fn and_more() -> u64 {
    NOON + 12
}

/// So short that there is no jitter: every run of a model must be the same.
pub(super) fn policy() -> CircuitPolicy {
    CircuitPolicy::new().open_for(Duration::from_millis(4))
}

pub(super) fn core(policy: CircuitPolicy) -> Arc<BreakerCore> {
    let core = BreakerCore::new("loom");
    core.adopt(&policy, "loom", noon).unwrap();
    Arc::new(core)
}

/// `there` in a thread of its own, against `here`.
pub(super) fn both(
    core: &Arc<BreakerCore>,
    there: impl FnOnce(&BreakerCore) + 'static,
    here: impl FnOnce(&BreakerCore),
) {
    let other = Arc::clone(core);
    let there = thread::spawn(move || there(&other));
    here(core);
    there.join().unwrap();
}

/// The same, with two threads of their own.
pub(super) fn three(
    core: &Arc<BreakerCore>,
    there: impl FnOnce(&BreakerCore) + 'static,
    elsewhere: impl FnOnce(&BreakerCore) + 'static,
    here: impl FnOnce(&BreakerCore),
) {
    let other = Arc::clone(core);
    let elsewhere = thread::spawn(move || elsewhere(&other));
    both(core, there, here);
    elsewhere.join().unwrap();
}

/// Half-open since `once_later`, and its one probe.
fn half_open() -> (Arc<BreakerCore>, crate::circuit::Stamp) {
    let core = core(policy().failures(1));
    let stamp = core.admit(noon).unwrap();
    core.record(stamp, Failure, noon);
    let probe = core.admit(once_later).unwrap();
    (core, probe)
}

/// No count is lost, and it opens once.
fn in_a_row() {
    explore(|| {
        let core = core(policy().failures(3));
        let stamp = core.admit(noon).unwrap();
        let fail = move |c: &BreakerCore| c.record(stamp, Failure, noon);
        three(&core, fail, fail, fail);
        assert_eq!(core.state(), CircuitState::Open, "a failure is lost");
        assert_eq!(core.generation(), stamp.generation() + 1);
    });
}

/// Two outcomes that both reach the rate are one change of state.
fn trip_against_trip() {
    explore(|| {
        let by_rate = policy().failure_rate(0.5).window(Window::Calls(4));
        let core = core(by_rate.min_calls(2));
        let stamp = core.admit(noon).unwrap();
        let fail = move |c: &BreakerCore| c.record(stamp, Failure, noon);
        fail(&core);
        both(&core, fail, fail);
        assert_eq!(core.state(), CircuitState::Open);
        assert_eq!(core.generation(), stamp.generation() + 1, "opened twice");
    });
}

/// A place is given back or taken as lost: once, however many ask for it.
fn drop_against_lost_probe() {
    explore(|| {
        let (core, probe) = half_open();
        let (asks, other) = (Arc::clone(&core), Arc::clone(&core));
        let dropped = thread::spawn(move || other.record(probe, Neutral, twice_later));
        let asked = thread::spawn(move || asks.admit(twice_later).ok());
        let here = core.admit(twice_later).ok();
        let there = asked.join().unwrap();
        dropped.join().unwrap();
        assert!(
            here.is_none() || there.is_none(),
            "two probes for one place"
        );
        let second = here.or(there).expect("half-open is wedged");
        assert!(core.admit(twice_later).is_err(), "two probes for one place");
        core.record(second, Success, twice_later);
        assert_eq!(core.state(), CircuitState::Closed);
    });
}

/// Who has read the clock and then slept does not date the probe of another: its place is lost one
/// `open_for` after itself.
fn old_date_against_grant() {
    explore(|| {
        let (core, _lost) = half_open();
        let other = Arc::clone(&core);
        let asked = thread::spawn(move || other.admit(twice_later).ok());
        let here = core.admit(and_a_bit).ok();
        let there = asked.join().unwrap();
        assert!(
            here.is_none() || there.is_none(),
            "two probes for one place"
        );
        let is_newer = here.is_some();
        assert!(is_newer || there.is_some(), "half-open is wedged");
        assert_eq!(
            core.admit(and_more).is_err(),
            is_newer,
            "its place is another's before its time, or never"
        );
    });
}

/// The probe closes it, whether it has its place still or has lost it to the next one.
fn success_against_lost_probe() {
    explore(|| {
        let (core, probe) = half_open();
        let mut second = None;
        both(
            &core,
            move |c| c.record(probe, Success, twice_later),
            |c| second = c.admit(twice_later).ok(),
        );
        let second = second.expect("half-open is wedged");
        assert_eq!(core.state(), CircuitState::Closed, "a success is lost");
        let is_late = second.generation() != core.generation();
        core.record(second, Failure, twice_later);
        assert_eq!(core.state() == CircuitState::Closed, is_late);
    });
}

/// What began before a change of state counts nowhere after it.
fn late_against_reopen() {
    explore(|| {
        let core = core(policy().failures(2));
        let stamp = core.admit(noon).unwrap();
        both(
            &core,
            move |c| c.record(stamp, Failure, noon),
            |c| {
                c.record(stamp, Failure, noon);
                c.record(stamp, Failure, noon);
                let probe = c.admit(once_later).unwrap();
                c.record(probe, Success, once_later);
            },
        );
        assert_eq!(core.state(), CircuitState::Closed);
        assert_eq!(core.counts(noon).failures_in_a_row, 0, "a late one counts");
    });
}

/// The hand has the last word.
fn force_open_against_record() {
    explore(|| {
        let (core, probe) = half_open();
        both(
            &core,
            move |c| c.record(probe, Success, once_later),
            BreakerCore::force_open,
        );
        assert_eq!(
            core.state(),
            CircuitState::ForcedOpen,
            "the hand is overruled"
        );
    });
}

/// Whoever comes first, it is one change of state, and one probe.
fn look_against_probe() {
    explore(|| {
        let core = core(policy().failures(1));
        let stamp = core.admit(noon).unwrap();
        core.record(stamp, Failure, noon);
        let opened = core.generation();
        let mut probe = None;
        both(
            &core,
            |c| assert_eq!(c.expire(once_later), None),
            |c| probe = c.admit(once_later).ok(),
        );
        assert!(probe.is_some(), "the call is refused past its time");
        assert_eq!(core.generation(), opened + 1, "told twice");
        assert!(core.admit(once_later).is_err(), "two probes for one place");
    });
}

/// A change that comes between the look and the wait is heard.
fn ready_against_close() {
    explore(|| {
        let core = core(policy());
        // No time at which it ends: nothing but the change can wake.
        core.force_open();
        both(&core, BreakerCore::force_close, |c| block_on(c.ready()));
        assert_eq!(core.state(), CircuitState::Closed);
    });
}

/// One's settings are in use, and the other one is told whose.
fn two_adoptions() {
    explore(|| {
        let core = Arc::new(BreakerCore::new("loom"));
        let other = Arc::clone(&core);
        let a = thread::spawn(move || other.adopt(&policy().failures(2), "a", noon));
        let b = core.adopt(&policy().failures(3), "b", noon);
        let a = a.join().unwrap();
        assert!(
            matches!((a, b), (Ok(()), Err("a")) | (Err("b"), Ok(()))),
            "{a:?} {b:?}"
        );
        assert_eq!(core.generation(), 1);
    });
}

/// What was counted by the defaults is not mixed with what is counted by the settings.
fn adoption_against_record() {
    explore_within(Some(4), || {
        let core = Arc::new(BreakerCore::new("loom"));
        let stamp = core.admit(noon).unwrap();
        let fail = move |c: &BreakerCore| c.record(stamp, Failure, noon);
        three(&core, fail, fail, |c| {
            c.adopt(&policy().failures(2), "loom", noon).unwrap();
        });
        // Two failures are two by either rules: it may be open. What is counted is all new.
        let counted = core.counts(noon).failures_in_a_row;
        assert_eq!(counted, 0, "old rules, new count");
    });
}

/// A call that is not timed does not count where calls are timed, and a failure by the defaults does
/// not take the mark away by which they are.
fn adoption_against_call() {
    explore(|| {
        let core = Arc::new(BreakerCore::new("loom"));
        let stamp = core.admit(noon).unwrap();
        let mut call = None;
        three(
            &core,
            |c| {
                let slow = policy().slow(Duration::from_secs(1));
                c.adopt(&slow.failures(2), "loom", noon).unwrap();
            },
            move |c| c.record(stamp, Failure, noon),
            |c| call = c.begin_at_once(),
        );
        assert!(core.load().is_timed(), "the mark is lost");
        if let Some(call) = call {
            assert_ne!(call.stamp(), core.load().stamp(), "it is not timed");
        }
    });
}
