//! The stack of an attribute, judged by the compiler: the macro knows literals only, and a named constant has
//! its value here.

use std::time::Duration;

use super::checks;
use super::fault::Fault;
use super::layer::Layer;
use crate::timeout::TimeoutPolicy;

/// Panics if `layer`, which stands inside `around`, breaks a rule of the language. Generated code calls it in a
/// `const`, at the user's constant.
#[track_caller]
pub const fn judge_layer(around: &[Layer], layer: &Layer) {
    // Each of these is refused at its own constant.
    if is_zero(layer) {
        return;
    }
    let mut at = 0;
    while at < around.len() {
        if is_zero(&around[at]) {
            return;
        }
        at += 1;
    }
    if let Some(fault) = checks::of_constants(around, layer) {
        refuse(fault);
    }
}

/// Returns the limit of a `#[timeout]` for [`judge_layer`], without a check of its own.
pub const fn limit_of(limit: Duration) -> TimeoutPolicy {
    TimeoutPolicy::unchecked(limit)
}

const fn is_zero(layer: &Layer) -> bool {
    matches!(layer, Layer::Timeout(policy) if policy.limit().is_zero())
}

/// Panics in the words of the attributes: their options are no methods, and have defaults.
#[track_caller]
const fn refuse(fault: Fault) -> ! {
    match fault {
        Fault::BaseAboveCap { .. } => panic!(
            "`base` is above the `cap` (by default they are 100ms and 20s); write a smaller `base` or a greater `cap`"
        ),
        Fault::MaxAboveBudget { .. } => panic!(
            "`max` is never reached: the default budget pays for 101 runs; write a `budget` or `budget = off` beside it"
        ),
        Fault::OpenMaxBelowOpenFor { .. } => panic!(
            "`open_max` is below the `open_for` (by default 30s); write a longer one, or the same for no growth"
        ),
        Fault::MinCallsAboveWindow { .. } => panic!(
            "`min_calls` is more than the `window` (by default 100 calls) ever holds; write a smaller one, or a greater `window`"
        ),
        Fault::WaitWithoutQueue => panic!(
            "`wait` has no effect: with a `queue` of 0 no call waits; write `queue = 64`, or remove `wait`"
        ),
        #[cfg(feature = "hedge")]
        Fault::ManyStarts { .. } => panic!(
            "`hedge` and `retry` may start the body more than 20 times; write `max` on both if that is meant, or smaller numbers"
        ),
        fault => fault.panic(),
    }
}
