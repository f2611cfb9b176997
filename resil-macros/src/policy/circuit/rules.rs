//! The rules between the options of one `#[circuit]`.

use proc_macro2::Span;

use super::options::{Circuit, DEFAULT_OPEN_FOR, DEFAULT_WINDOW, Window};
use crate::diag::help;
use crate::parse::{ParseContext, messages, show};
use crate::policy::named::check_max_keys_have_a_key;

impl Circuit {
    /// Checks the options against all rules.
    pub(super) fn check_options(&self, cx: &ParseContext<'_>) {
        self.check_window_has_a_rate(cx);
        self.check_min_calls_fit_window(cx);
        self.check_slow_rate_has_slow(cx);
        self.check_open_max(cx);
        check_max_keys_have_a_key(
            self.written.max_keys,
            self.written.key,
            ("breaker", "host"),
            cx,
        );
    }

    /// Checks that there is a rate to count in the window. Failures in a row need no window.
    fn check_window_has_a_rate(&self, cx: &ParseContext<'_>) {
        if self.written.rate || self.written.policy {
            return;
        }
        for (name, at) in [
            ("window", self.written.window),
            ("min_calls", self.written.min_calls),
        ] {
            if let Some(at) = at {
                let why = "no rate is counted in a window";
                cx.diag.error_at(
                    at,
                    messages::no_effect(
                        name,
                        why,
                        "write `failure_rate = 50%` beside it, or remove it",
                    ),
                );
            }
        }
    }

    /// Checks that the window holds `min_calls`. One that holds fewer calls could never trip the
    /// breaker.
    fn check_min_calls_fit_window(&self, cx: &ParseContext<'_>) {
        let window = match &self.window {
            Some(Window::Calls(calls)) => calls.literal().copied(),
            Some(Window::Time(_) | Window::Expr(_)) => None,
            None => self.default(self.written.window, DEFAULT_WINDOW),
        };
        let (Some(window), Some(at)) = (window, &self.min_calls) else {
            return;
        };
        let Some(min_calls) = at.literal() else {
            return;
        };
        if *min_calls > window && (self.written.rate || self.written.policy) {
            let which = if self.window.is_some() {
                ""
            } else {
                "default "
            };
            cx.diag.error(
                at,
                help(
                    format!("`min_calls` of `{min_calls}` is more than the {which}`window` of `{window}` calls ever holds"),
                    format!("write `min_calls = {window}` or `window = {min_calls}`"),
                ),
            );
        }
    }

    /// Checks that `slow_rate` stands beside `slow`: without that nothing says how long a slow call
    /// is.
    fn check_slow_rate_has_slow(&self, cx: &ParseContext<'_>) {
        if self.written.slow || self.written.policy {
            return;
        }
        if let Some(at) = self.written.slow_rate {
            let why = "nothing says how long a slow call is";
            let instead = "write `slow = 2s` beside it, or remove it";
            cx.diag
                .error_at(at, messages::no_effect("slow_rate", why, instead));
        }
    }

    /// Returns the default, if it applies: the option is not written, and there is no `policy`.
    fn default<T>(&self, written: Option<Span>, default: T) -> Option<T> {
        (written.is_none() && !self.written.policy).then_some(default)
    }

    /// Checks that `open_max` is not below `open_for`: the open time grows from the one to the
    /// other.
    fn check_open_max(&self, cx: &ParseContext<'_>) {
        let open_for = match &self.open_for {
            Some(open_for) => open_for.literal().copied(),
            None => self.default(self.written.open_for, DEFAULT_OPEN_FOR),
        };
        let (Some(at), Some(open_for)) = (&self.open_max, open_for) else {
            return;
        };
        let Some(open_max) = at.literal() else { return };
        if *open_max < open_for {
            let which = if self.open_for.is_some() {
                ""
            } else {
                "default "
            };
            let (open_max, open_for) = (show(*open_max), show(open_for));
            cx.diag.error(
                at,
                help(
                    format!(
                        "`open_max` of `{open_max}` is below the {which}`open_for` of `{open_for}`"
                    ),
                    format!(
                        "write `open_max = {open_for}` for no growth, or `open_for = {open_max}`"
                    ),
                ),
            );
        }
    }
}
