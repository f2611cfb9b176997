//! The rules between the options of one `#[retry]`. They judge literals and defaults only; the
//! value of a constant is checked by assertions in the generated code (`emit/judged.rs`).

use super::budget::Budget;
use super::options::{Jitter, Max, Retry, Strategy};
use crate::diag::help;
use crate::parse::{Const, ParseContext, messages, show};
use crate::policy::clones::check_clones;

/// The number of attempts that the default budget allows: the first, and those that 500 tokens pay
/// for at 5 each.
const MOST_RUNS_ON_DEFAULT_BUDGET: u32 = 101;

impl Retry {
    /// Checks the options against all rules.
    pub(super) fn check_options(&self, cx: &ParseContext<'_>) {
        self.check_delays_stand_alone(cx);
        self.check_backoff_stands_alone(cx);
        self.check_factor(cx);
        self.check_decorrelated(cx);
        self.check_base_below_cap(cx);
        self.check_within_first_delay(cx);
        self.check_max_in_budget(cx);
        self.check_budget_pays_one(cx);
        check_clones(&self.clone, "attempt", cx);
    }

    /// Checks that no option to compute delays stands beside `delays`, which are the delays
    /// themselves.
    fn check_delays_stand_alone(&self, cx: &ParseContext<'_>) {
        if self.written.delays.is_none() || self.written.backoff.is_some() {
            return;
        }
        let why = "`delays` are the delays themselves";
        let strategy = self.written.strategy.map(|at| (self.strategy.name(), at));
        let others = [
            ("base", self.written.base),
            ("factor", self.written.factor),
            ("cap", self.written.cap),
        ];
        let others = others
            .into_iter()
            .filter_map(|(name, at)| Some((name, at?)));
        for (name, at) in strategy.into_iter().chain(others) {
            cx.diag
                .error_at(at, messages::excludes(name, "delays", why));
        }
    }

    /// Checks that no option to compute delays stands beside `backoff`, which gives every delay.
    fn check_backoff_stands_alone(&self, cx: &ParseContext<'_>) {
        if self.written.backoff.is_none() {
            return;
        }
        let why = "`backoff` gives the delays";
        let strategy = self.written.strategy.map(|at| (self.strategy.name(), at));
        let others = [
            ("base", self.written.base),
            ("factor", self.written.factor),
            ("delays", self.written.delays),
        ];
        let others = others
            .into_iter()
            .filter_map(|(name, at)| Some((name, at?)));
        for (name, at) in strategy.into_iter().chain(others) {
            cx.diag
                .error_at(at, messages::excludes(name, "backoff", why));
        }
        if let (Some(Jitter::Decorrelated), Some(at)) = (&self.jitter, self.written.jitter) {
            cx.diag.error_at(
                at,
                messages::excludes("jitter = decorrelated", "backoff", why),
            );
        }
    }

    /// Checks that the strategy of a `factor` is `exponential`, as no other has one.
    fn check_factor(&self, cx: &ParseContext<'_>) {
        let Some(at) = self.written.factor else {
            return;
        };
        let given = self.written.delays.is_some() || self.written.backoff.is_some();
        if !given && self.strategy != Strategy::Exponential {
            let why = format!("`{}` does not grow by a factor", self.strategy.name());
            let instead = "remove it, or write `exponential` as the strategy";
            cx.diag
                .error_at(at, messages::no_effect("factor", &why, instead));
        }
    }

    /// Checks that neither `delays`, a `factor` nor a strategy but `exponential` stands beside
    /// decorrelated jitter. It makes each delay from the one before.
    fn check_decorrelated(&self, cx: &ParseContext<'_>) {
        let decorrelated = matches!(self.jitter, Some(Jitter::Decorrelated));
        if !decorrelated || self.written.backoff.is_some() {
            return;
        }
        let why = "`jitter = decorrelated` makes each delay from the one before it";
        if let Some(at) = self.written.delays {
            cx.diag.error_at(
                at,
                messages::excludes("delays", "jitter = decorrelated", why),
            );
            return;
        }
        if let Some(at) = self.written.strategy
            && self.strategy != Strategy::Exponential
        {
            let instead = "remove it, or write another `jitter`";
            cx.diag
                .error_at(at, messages::no_effect(self.strategy.name(), why, instead));
        } else if let Some(at) = self.written.factor {
            let instead = "remove it, or write another `jitter`";
            cx.diag
                .error_at(at, messages::no_effect("factor", why, instead));
        }
    }

    /// Checks that the base is below the cap. Otherwise each delay would be the cap, and the base
    /// would have no effect.
    fn check_base_below_cap(&self, cx: &ParseContext<'_>) {
        if self.written.delays.is_some() || self.written.backoff.is_some() {
            return;
        }
        let Some((base, cap)) = self.base_and_cap() else {
            return;
        };
        if base <= cap {
            return;
        }
        let (base, cap) = (show(base), show(cap));
        match (&self.base, &self.cap) {
            (Some(at), Some(_)) => cx.diag.error(
                at,
                help(
                    format!("`base` of `{base}` is above the `cap` of `{cap}`"),
                    format!("write `base = {cap}` or `cap = {base}`"),
                ),
            ),
            (Some(at), None) => cx.diag.error(
                at,
                help(
                    format!("`base` of `{base}` is above the default `cap` of `{cap}`"),
                    format!("write `cap = {base}` beside it, or more"),
                ),
            ),
            (None, Some(at)) => cx.diag.error(
                at,
                help(
                    format!("`cap` of `{cap}` is below the default `base` of `{base}`"),
                    format!("write `base = {cap}` beside it, or less"),
                ),
            ),
            (None, None) => {}
        }
    }

    /// Checks that the first delay, without jitter, is no longer than `within`. That is checked
    /// before each delay, so there would be no retry at all.
    fn check_within_first_delay(&self, cx: &ParseContext<'_>) {
        let Some(at) = &self.within else { return };
        let first = if self.written.backoff.is_some() {
            None
        } else if self.written.delays.is_some() {
            self.delays
                .as_ref()
                .and_then(|delays| delays.first()?.literal().copied())
        } else {
            self.base_and_cap().map(|(base, cap)| base.min(cap))
        };
        let (Some(within), Some(first)) = (at.literal(), first) else {
            return;
        };
        if *within < first && self.runs() != Some(1) {
            let (within, first) = (show(*within), show(first));
            let message =
                format!("`within` of `{within}` is shorter than the first delay of `{first}`");
            cx.diag.error(
                at,
                help(
                    message,
                    format!("write `within = {first}` or more, or a shorter first delay"),
                ),
            );
        }
    }

    /// Checks that the default budget pays for `max`. Otherwise it ends the retries before `max`
    /// does.
    fn check_max_in_budget(&self, cx: &ParseContext<'_>) {
        let Some(Max::Count(at)) = &self.max else {
            return;
        };
        let Some(max) = at.literal() else { return };
        if *max > MOST_RUNS_ON_DEFAULT_BUDGET
            && self.written.budget.is_none()
            && !self.written.policy
        {
            let message = format!(
                "`max` of `{max}` is never reached: the default budget pays for {MOST_RUNS_ON_DEFAULT_BUDGET} runs"
            );
            let capacity = u64::from(*max - 1) * 5;
            let capacity = u32::try_from(capacity)
                .ok()
                .map(|c| format!("`budget(capacity = {c})` or "));
            let budget = capacity.unwrap_or_default();
            cx.diag.error(
                at,
                help(message, format!("write {budget}`budget = off` beside it")),
            );
        }
    }

    /// Checks that the budget can pay for one retry. A full bucket that can't is `max = 1` in
    /// disguise.
    fn check_budget_pays_one(&self, cx: &ParseContext<'_>) {
        let Some(Budget::Own { capacity, cost, .. }) = &self.budget else {
            return;
        };
        let literal = |value: &Option<Const<u32>>, default| match value {
            Some(value) => value.literal().copied(),
            None => Some(default),
        };
        let (Some(tokens), Some(price)) = (literal(capacity, 500), literal(cost, 5)) else {
            return;
        };
        if price > tokens
            && let Some(at) = capacity.as_ref().or(cost.as_ref())
        {
            let message = format!(
                "a `capacity` of `{tokens}` does not pay the `cost` of `{price}` for one retry"
            );
            cx.diag.error(
                at,
                help(message, format!("write `capacity = {price}` or more")),
            );
        }
    }
}
