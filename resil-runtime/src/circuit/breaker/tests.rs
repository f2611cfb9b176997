//! Single steps that calls from outside cannot bring about at will.

use super::*;
use crate::circuit::policy::{CircuitPolicy, Window};
use crate::circuit::settings::WindowStore;
use crate::circuit::verdict::CircuitVerdict;

const NOON: u64 = 1 << 34;

fn core(policy: CircuitPolicy) -> BreakerCore {
    let core = BreakerCore::new("machine");
    core.adopt(&policy, "machine", || NOON).unwrap();
    core
}

/// A success that saw a clean window, and a failure that came before it could say so.
#[test]
fn a_window_is_not_taken_for_clean_when_a_failure_came_in_between() {
    let core = core(
        CircuitPolicy::new()
            .failure_rate(1.0)
            .window(Window::Calls(2)),
    );
    let stamp = core.load().stamp();
    let put = |verdict| core.record(stamp, verdict, || NOON);
    (0..2).for_each(|_| put(CircuitVerdict::Success));
    assert!(core.is_quiet());
    put(CircuitVerdict::Failure);
    let WindowStore::Counted(window) = &core.settings().window else {
        panic!("no window");
    };
    core.skip_successes(stamp, window);
    assert!(!core.is_quiet());
}

/// Statics outlive runtimes, each of which has a clock of its own.
#[test]
fn opened_on_a_clock_that_runs_ahead_it_does_not_stay_open() {
    let core = core(CircuitPolicy::new().failures(1));
    let stamp = core.load().stamp();
    core.record(stamp, CircuitVerdict::Failure, || NOON + 86_400_000);
    assert!(core.admit(|| NOON + 86_400_000).is_err());
    let probe = core.admit(|| NOON).unwrap();
    core.record(probe, CircuitVerdict::Success, || NOON);
    assert!(core.is_quiet());
}
