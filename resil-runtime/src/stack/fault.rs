//! The rules that a layer may break: in words without numbers for the compiler, with numbers for people
//! who build a stack at run time.

use std::fmt;
use std::time::Duration;

use resil_language::duration::show;

use super::delays::SHOWN;

/// A stack that is refused: a layer breaks a rule, or the name does.
///
/// `Display` says what is wrong, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackError(Fault);

impl StackError {
    pub(super) fn new(fault: Fault) -> Self {
        Self(fault)
    }
}

impl std::error::Error for StackError {}

impl fmt::Display for StackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A rule that is broken, with the numbers that break it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Name,
    TooManyLayers,
    TooManyTimeouts,
    Twice(&'static str),
    NeverFires {
        limit: Duration,
        around: Duration,
    },
    Unlimited,
    NeverStarts {
        attempt: u32,
        sum: Duration,
        terms: [Duration; SHOWN],
        around: Duration,
    },
    NoTimeToWait {
        wait: Duration,
        around: Duration,
    },
    #[cfg(feature = "hedge")]
    NoCopy {
        after: CopyDelay,
        around: Duration,
    },
    #[cfg(feature = "hedge")]
    NoCopyBeside {
        after: CopyDelay,
        inside: Duration,
    },
    #[cfg(feature = "hedge")]
    ManyStarts {
        starts: u32,
        copies: u32,
        runs: u32,
        /// The number that is not written.
        missing: u32,
    },
    DecorrelatedList,
    BaseAboveCap {
        base: Duration,
        cap: Duration,
    },
    WithinBelowFirst {
        within: Duration,
        first: Duration,
    },
    MaxAboveBudget {
        max: u32,
    },
    BudgetPaysNone {
        capacity: u32,
        cost: u32,
    },
    OpenMaxBelowOpenFor {
        open_max: Duration,
        open_for: Duration,
    },
    MinCallsAboveWindow {
        min_calls: u32,
        window: u32,
    },
    MinCallsWithoutRate,
    SlowRateWithoutSlow,
    WaitWithoutQueue,
    NoRate,
}

/// The delay before a further copy, and the option that says it: `after`, or the `default` of a percentile.
#[cfg(feature = "hedge")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CopyDelay {
    pub(super) option: &'static str,
    pub(super) delay: Duration,
}

impl Fault {
    /// Panics in words that need no number, as a `const` can format none.
    #[track_caller]
    pub(super) const fn panic(self) -> ! {
        panic!("{}", self.without_numbers())
    }

    /// Says what is wrong and what to write instead, without the numbers.
    const fn without_numbers(self) -> &'static str {
        match self {
            Self::Name => "a stack's name must be 1 to 128 of `A-Z a-z 0-9 _ . : -`",
            Self::TooManyLayers => "a stack has at most 8 layers",
            Self::TooManyTimeouts => "a stack has at most 4 timeouts",
            Self::Twice(_) => "a policy is given twice; only `timeout` may stand several times",
            Self::NeverFires { .. } => {
                "this `timeout` never fires: the one around it ends no later; write a shorter one, or move it above the other"
            }
            Self::Unlimited => {
                "`unlimited` with nothing around it may run for ever; write `.within(..)` on the policy, or a `.timeout(..)` above the retry"
            }
            Self::NeverStarts { .. } => {
                "by `retry`'s own delays an attempt can't start before the timeout around ends; write a smaller `max`, a longer timeout, or shorter delays"
            }
            Self::NoTimeToWait { .. } => {
                "this `wait` leaves no time: the timeout around ends no later; write a shorter `wait`, or a longer timeout"
            }
            #[cfg(feature = "hedge")]
            Self::NoCopy { .. } => {
                "no further copy starts: the timeout around the `hedge` ends before its `after`; write a shorter one, or a longer timeout"
            }
            #[cfg(feature = "hedge")]
            Self::NoCopyBeside { .. } => {
                "no further copy starts beside the first: the timeout inside the `hedge` ends each copy before its `after`; write a shorter one, or a longer timeout"
            }
            #[cfg(feature = "hedge")]
            Self::ManyStarts { .. } => {
                "`hedge` and `retry` may start the body more than 20 times: write both `.max(..)` if that is meant, or smaller numbers"
            }
            Self::DecorrelatedList => {
                "`Jitter::Decorrelated` can't stand beside `Strategy::Delays`: it makes each delay from the one before it; remove one of them"
            }
            Self::BaseAboveCap { .. } => {
                "`base` is above the `cap`; write a smaller `base` or a greater `cap`"
            }
            Self::WithinBelowFirst { .. } => {
                "`within` is shorter than the first delay; write a longer one, or a shorter first delay"
            }
            Self::MaxAboveBudget { .. } => {
                "`max` is never reached: the default budget pays for 101 runs; write a `.budget(..)` or `.no_budget()` beside it"
            }
            Self::BudgetPaysNone { .. } => {
                "the `capacity` of the budget does not pay the `cost` of one retry; write a greater capacity"
            }
            Self::OpenMaxBelowOpenFor { .. } => {
                "`open_max` is below the `open_for`; write a longer one, or the same for no growth"
            }
            Self::MinCallsAboveWindow { .. } => {
                "`min_calls` is more than the `window` ever holds; write a smaller one, or a greater `window`"
            }
            Self::MinCallsWithoutRate => {
                "`min_calls` has no effect: no rate is counted in a window; write a `.failure_rate(..)` beside it, or remove it"
            }
            Self::SlowRateWithoutSlow => {
                "`slow_rate` has no effect: nothing says how long a slow call is; write a `.slow(..)` beside it, or remove it"
            }
            Self::WaitWithoutQueue => {
                "`wait` has no effect: without a `queue` no call waits; write a `.queue(..)` beside it, or remove it"
            }
            Self::NoRate => "`rate_limit` needs a `max`, the number of calls in each `per`",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told(&|_| true))
    }
}

impl Fault {
    /// Returns what is wrong and what to write instead, as the attributes say it. `is_written` says which
    /// options are written: the others are defaults.
    pub(crate) fn told(self, is_written: &dyn Fn(&str) -> bool) -> String {
        let (message, help) = self.words(is_written);
        format!("{message}\nhelp: {help}")
    }

    #[expect(clippy::too_many_lines, reason = "a table: a message for each rule")]
    fn words(self, is_written: &dyn Fn(&str) -> bool) -> (String, String) {
        let which = |name: &str| if is_written(name) { "" } else { "default " };
        match self {
            Self::Name => (
                "a stack's name must be 1 to 128 of `A-Z a-z 0-9 _ . : -`".to_owned(),
                "write a name such as `pay`".to_owned(),
            ),
            Self::TooManyLayers => (
                "a stack has at most 8 layers".to_owned(),
                "remove some, or run one stack inside another".to_owned(),
            ),
            Self::TooManyTimeouts => (
                "a stack has at most 4 timeouts".to_owned(),
                "remove some: one for the whole and one for each attempt is the usual stack"
                    .to_owned(),
            ),
            Self::Twice(policy) => (
                format!("`#[{policy}]` is given twice"),
                "remove one of them".to_owned(),
            ),
            Self::NeverFires { limit, around } => {
                let (limit, around) = (show(limit), show(around));
                (
                    format!(
                        "this `timeout` of `{limit}` never fires: the one around it ends at `{around}`"
                    ),
                    format!("write less than `{around}`, or move it above the other"),
                )
            }
            Self::Unlimited => (
                "`max = unlimited` with nothing around it may run for ever".to_owned(),
                "write `within = 30s` beside it, or `#[timeout(30s)]` above `#[retry]`".to_owned(),
            ),
            Self::NeverStarts {
                attempt,
                sum,
                terms,
                around,
            } => {
                let (sum, around) = (sum_of(&terms, attempt - 1, sum), show(around));
                (
                    format!(
                        "by `retry`'s own delays attempt {attempt} can't start: they are at least `{sum}`, and the timeout around ends at `{around}`"
                    ),
                    match attempt {
                        2 => "write a longer timeout or shorter delays".to_owned(),
                        attempt => format!(
                            "write `max = {}`, a longer timeout, or shorter delays",
                            attempt - 1
                        ),
                    },
                )
            }
            Self::NoTimeToWait { wait, around } => {
                let (wait, around) = (show(wait), show(around));
                (
                    format!(
                        "this `wait` of `{wait}` leaves no time: the timeout around ends at `{around}`"
                    ),
                    format!("write less than `{around}`, or a longer timeout"),
                )
            }
            #[cfg(feature = "hedge")]
            Self::NoCopy { after, around } => {
                let (option, after, around) = (after.option, show(after.delay), show(around));
                (
                    format!(
                        "no further copy starts: `{option}` is `{after}`, and the timeout around ends at `{around}`"
                    ),
                    format!("write less than `{around}`, or a longer timeout"),
                )
            }
            #[cfg(feature = "hedge")]
            Self::NoCopyBeside { after, inside } => {
                let (option, after, inside) = (after.option, show(after.delay), show(inside));
                (
                    format!(
                        "no further copy starts beside the first: `{option}` is `{after}`, and the timeout inside ends each copy at `{inside}`"
                    ),
                    format!("write less than `{inside}`, or a longer timeout inside"),
                )
            }
            #[cfg(feature = "hedge")]
            Self::ManyStarts {
                starts,
                copies,
                runs,
                missing,
            } => (
                format!(
                    "`hedge` and `retry` may start the body {starts} times: {copies} copies in each of {runs} attempts"
                ),
                format!("write `max = {missing}` if that is meant, or smaller numbers"),
            ),
            Self::DecorrelatedList => (
                "`delays` can't stand beside `jitter = decorrelated`: `jitter = decorrelated` makes each delay from the one before it".to_owned(),
                "remove one of them".to_owned(),
            ),
            Self::BaseAboveCap { base, cap } => {
                let (base, cap) = (show(base), show(cap));
                match (is_written("base"), is_written("cap")) {
                    (false, true) => (
                        format!("`cap` of `{cap}` is below the default `base` of `{base}`"),
                        format!("write `base = {cap}` beside it, or less"),
                    ),
                    (_, true) => (
                        format!("`base` of `{base}` is above the `cap` of `{cap}`"),
                        format!("write `base = {cap}` or `cap = {base}`"),
                    ),
                    (_, false) => (
                        format!("`base` of `{base}` is above the default `cap` of `{cap}`"),
                        format!("write `cap = {base}` beside it, or more"),
                    ),
                }
            }
            Self::WithinBelowFirst { within, first } => {
                let (within, first) = (show(within), show(first));
                (
                    format!("`within` of `{within}` is shorter than the first delay of `{first}`"),
                    format!("write `within = {first}` or more, or a shorter first delay"),
                )
            }
            Self::MaxAboveBudget { max } => {
                let capacity = u64::from(max - 1) * 5;
                let budget = u32::try_from(capacity)
                    .map(|capacity| format!("`budget(capacity = {capacity})` or "))
                    .unwrap_or_default();
                (
                    format!(
                        "`max` of `{max}` is never reached: the default budget pays for 101 runs"
                    ),
                    format!("write {budget}`budget = off` beside it"),
                )
            }
            Self::BudgetPaysNone { capacity, cost } => (
                format!(
                    "a `capacity` of `{capacity}` does not pay the `cost` of `{cost}` for one retry"
                ),
                format!("write `capacity = {cost}` or more"),
            ),
            Self::OpenMaxBelowOpenFor { open_max, open_for } => {
                let (open_max, open_for) = (show(open_max), show(open_for));
                let which = which("open_for");
                (
                    format!(
                        "`open_max` of `{open_max}` is below the {which}`open_for` of `{open_for}`"
                    ),
                    format!(
                        "write `open_max = {open_for}` for no growth, or `open_for = {open_max}`"
                    ),
                )
            }
            Self::MinCallsAboveWindow { min_calls, window } => (
                format!(
                    "`min_calls` of `{min_calls}` is more than the {}`window` of `{window}` calls ever holds",
                    which("window")
                ),
                format!("write `min_calls = {window}` or `window = {min_calls}`"),
            ),
            Self::MinCallsWithoutRate => (
                "`min_calls` has no effect: no rate is counted in a window".to_owned(),
                "write `failure_rate = 50%` beside it, or remove it".to_owned(),
            ),
            Self::SlowRateWithoutSlow => (
                "`slow_rate` has no effect: nothing says how long a slow call is".to_owned(),
                "write `slow = 2s` beside it, or remove it".to_owned(),
            ),
            Self::WaitWithoutQueue => (
                "`wait` has no effect: without a `queue` no call waits".to_owned(),
                "write `queue = 64` beside it, or remove it".to_owned(),
            ),
            Self::NoRate => (
                "`rate_limit` needs `max` and `per`".to_owned(),
                "write `max = 100, per = 1s`".to_owned(),
            ),
        }
    }
}

/// Formats `1s + 2s = 3s`, the sum of `count` delays.
fn sum_of(terms: &[Duration], count: u32, sum: Duration) -> String {
    let total = show(sum);
    if count < 2 {
        return total;
    }
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let shown = terms.iter().take(count).map(|term| show(*term));
    let mut shown: Vec<String> = shown.collect();
    if count > terms.len() {
        shown.push("..".to_owned());
    }
    format!("{} = {total}", shown.join(" + "))
}
