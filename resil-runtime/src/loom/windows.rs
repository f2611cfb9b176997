//! The two windows of a breaker, and the flag by which successes write nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use ::loom::thread;

use super::circuit::{NOON, both, core, noon, policy, three};
use super::model::{Model, explore, explore_within};
use crate::circuit::CircuitVerdict::{Failure, Success};
use crate::circuit::{BreakerCore, CircuitState, Sample, TimedWindow, Window};

pub(super) const MODELS: &[Model] = &[
    Model {
        name: "counted window: record against record at the threshold",
        check: counted_at_the_threshold,
        variants: &["number_in_one"],
    },
    Model {
        name: "counted window: skipping successes against recording them",
        check: skipping_against_recording,
        variants: &["skip_fence", "record_fence"],
    },
    Model {
        name: "counted window: success against success, one of them in the place of a failure",
        check: success_against_success,
        variants: &["number_in_one"],
    },
    Model {
        name: "counted window: a window that is clean again against a failure that tells late",
        check: clean_again,
        variants: &["settled_success"],
    },
    Model {
        name: "counted window: skipping successes against reset",
        check: skipping_against_reset,
        variants: &["skip_stamp"],
    },
    Model {
        name: "counted window: count, ring and flag through a reset",
        check: flag_through_a_reset,
        variants: &["failures_generation"],
    },
    Model {
        name: "counted window: a late record against reset, the count",
        check: late_count_against_reset,
        variants: &["failures_generation"],
    },
    Model {
        name: "counted window: a late record against reset, the ring",
        check: late_bit_against_reset,
        variants: &["ring_current"],
    },
    Model {
        name: "timed window: take-over of a bucket against a late add",
        check: take_over_against_late_add,
        variants: &["bucket_ahead"],
    },
    Model {
        name: "timed window: failure against success at the threshold",
        check: timed_at_the_threshold,
        variants: &["model_fence", "noted_before_look"],
    },
];

fn counted(calls: u32) -> Arc<BreakerCore> {
    core(policy().failure_rate(1.0).window(Window::Calls(calls)))
}

fn put_all(core: &BreakerCore, outcomes: impl IntoIterator<Item = crate::circuit::CircuitVerdict>) {
    for outcome in outcomes {
        let stamp = core.admit(noon).unwrap();
        core.record(stamp, outcome, noon);
    }
}

/// No call is lost: the second of two failures opens it.
fn counted_at_the_threshold() {
    explore(|| {
        let core = counted(2);
        let stamp = core.admit(noon).unwrap();
        let fail = move |c: &BreakerCore| c.record(stamp, Failure, noon);
        both(&core, fail, fail);
        assert_eq!(core.state(), CircuitState::Open, "a call is lost");
    });
}

/// A success that pushes the last failure out says that the window is clean, while the next failure
/// comes in: that one must not be left behind a flag that says so.
fn skipping_against_recording() {
    explore(|| {
        // Not of two calls: until a failure that is pushed out is taken from the count, a new one
        // stands beside it there.
        let core = counted(3);
        put_all(
            &core,
            [Success, Success, Success, Failure, Success, Success],
        );
        both(&core, |c| put_all(c, [Failure]), |c| put_all(c, [Success]));
        assert_eq!(core.counts(noon).failures, 1);
        assert!(!core.is_quiet(), "a failure is stuck in a quiet window");
    });
}

/// One success is recorded by its number, the other one takes the failure out.
fn success_against_success() {
    explore(|| {
        let core = counted(3);
        put_all(&core, [Success, Failure, Success]);
        both(&core, |c| put_all(c, [Success]), |c| put_all(c, [Success]));
        assert_eq!((core.counts(noon).failures, core.set_bits()), (0, 0));
        assert!(core.is_quiet(), "successes are recorded for ever");
    });
}

/// A failure that was pushed out of the window before it could say that successes have to be recorded
/// says so of a clean window. Some later success finds that.
fn clean_again() {
    explore_within(Some(3), || {
        let core = counted(3);
        put_all(&core, [Success, Success, Failure]);
        both(
            &core,
            |c| put_all(c, [Failure]),
            |c| put_all(c, [Success, Success, Success]),
        );
        put_all(&core, [Success, Success, Success, Success]);
        assert_eq!((core.counts(noon).failures, core.set_bits()), (0, 0));
        assert!(core.is_quiet(), "successes are recorded for ever");
    });
}

/// The window that was found clean is not the one that has begun since.
fn skipping_against_reset() {
    explore(|| {
        let core = counted(1);
        let stamp = core.admit(noon).unwrap();
        both(
            &core,
            move |c| c.record(stamp, Success, noon),
            BreakerCore::reset,
        );
        assert!(!core.is_quiet(), "an empty window is taken for a full one");
    });
}

/// Whoever is overtaken by the reset: the count is what the ring holds, and the flag is up as long
/// as there is something for successes to do.
fn flag_through_a_reset() {
    explore_within(Some(3), || {
        let core = counted(2);
        put_all(&core, [Failure, Success]);
        let stamp = core.admit(noon).unwrap();
        three(
            &core,
            move |c| c.record(stamp, Success, noon),
            |c| put_all(c, [Failure]),
            BreakerCore::reset,
        );
        if core.state() == CircuitState::Closed {
            assert!(!core.is_quiet(), "no full window is clean here");
            assert_eq!(core.counts(noon).failures, core.set_bits());
        }
    });
}

/// A failure that is late goes nowhere, wherever it was overtaken.
fn late_count_against_reset() {
    explore(|| {
        let core = counted(4);
        let stamp = core.admit(noon).unwrap();
        both(
            &core,
            move |c| c.record(stamp, Failure, noon),
            |c| {
                c.reset();
                put_all(c, [Success]);
            },
        );
        assert_eq!(core.counts(noon).failures, 0, "a late failure counts");
        assert_eq!(core.set_bits(), 0);
    });
}

/// A late writer does not take the ring back to its own generation.
fn late_bit_against_reset() {
    explore(|| {
        let core = counted(4);
        let stamp = core.admit(noon).unwrap();
        both(
            &core,
            move |c| c.record(stamp, Success, noon),
            |c| {
                c.reset();
                put_all(c, [Failure]);
            },
        );
        assert_eq!(core.counts(noon).failures, 1);
        assert_eq!(core.set_bits(), 1, "the bits of the window are gone");
    });
}

/// The slot is another bucket's by now: that one keeps what was put there.
fn take_over_against_late_add() {
    // 16 buckets of 100 ms on.
    const LATER: u64 = NOON + 1_600;
    const FAILED: Sample = Sample {
        failed: true,
        slow: false,
    };
    explore(|| {
        let window = Arc::new(TimedWindow::new(1_000));
        let other = Arc::clone(&window);
        let late = thread::spawn(move || {
            let looked = AtomicBool::new(false);
            let clock = || {
                if looked.swap(true, Relaxed) {
                    LATER
                } else {
                    NOON
                }
            };
            other.record(0, FAILED, clock, || true);
        });
        window.record(0, FAILED, || LATER, || true);
        late.join().unwrap();
        let tally = window.tally(0, LATER);
        assert!(tally.failures >= 1, "the later bucket's failure is lost");
        assert!(tally.failures <= tally.calls && tally.calls <= 2);
    });
}

/// Calls and failures stand on lines of their own: of two outcomes that reach the rate together one
/// sees the other.
fn timed_at_the_threshold() {
    explore(|| {
        let window = Window::Time(Duration::from_secs(1));
        let core = core(policy().failure_rate(0.5).window(window).min_calls(2));
        let stamp = core.admit(noon).unwrap();
        both(
            &core,
            move |c| c.record(stamp, Failure, noon),
            move |c| c.record(stamp, Success, noon),
        );
        assert_eq!(core.state(), CircuitState::Open, "neither saw the other");
    });
}
