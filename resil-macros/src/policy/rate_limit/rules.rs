//! The rules between the options of one `#[rate_limit]`.

use super::options::RateLimit;
use crate::diag::help;
use crate::parse::ParseContext;
use crate::policy::named::check_max_keys_have_a_key;

impl RateLimit {
    /// Checks the options against all rules.
    pub(super) fn check_options(&self, cx: &ParseContext<'_>) {
        self.check_has_a_rate(cx);
        self.check_outage_has_a_store(cx);
        self.check_cost_fits_burst(cx);
        check_max_keys_have_a_key(
            self.written.max_keys,
            self.written.key,
            ("rate limit", "tenant"),
            cx,
        );
    }

    /// Checks that `max` and `per` are written. Without both, only the settings of others can be meant:
    /// those of a policy, or of the functions that give the same name.
    fn check_has_a_rate(&self, cx: &ParseContext<'_>) {
        let written = &self.written;
        if written.policy {
            return;
        }
        match (written.max, written.per) {
            (Some(_), Some(_)) => {}
            (Some(max), None) => {
                let message = "`max` says how many calls, but nothing says in which time";
                cx.diag
                    .error_at(max, help(message, "write `per = 1s` beside it"));
            }
            (None, Some(per)) => {
                let message = "`per` says in which time, but nothing says how many calls";
                cx.diag
                    .error_at(per, help(message, "write `max = 100` beside it"));
            }
            (None, None) => self.check_others_have_a_rate(cx),
        }
    }

    /// Checks that a rate limit without a rate has a name, and nothing that would be a setting of its own.
    fn check_others_have_a_rate(&self, cx: &ParseContext<'_>) {
        let written = &self.written;
        let settings = [
            ("burst", written.burst),
            ("wait", written.wait),
            ("max_keys", written.max_keys.filter(|_| written.key)),
            (
                "on_outage",
                written.on_outage.filter(|_| written.store.is_some()),
            ),
        ];
        let setting = settings
            .into_iter()
            .find_map(|(name, at)| Some((name, at?)));
        if let Some((name, at)) = setting {
            let message = format!("`{name}` needs a rate beside it: `max` and `per`");
            let instead = "write `max = 100, per = 1s` beside it";
            cx.diag.error_at(at, help(message, instead));
        } else if !written.name {
            let message = "`#[rate_limit]` needs `max` and `per`";
            let instead = "write `#[rate_limit(max = 100, per = 1s)]`";
            cx.diag.error_at(self.span, help(message, instead));
        }
    }

    /// Checks that calls are counted in a store, if something is said of its outages.
    fn check_outage_has_a_store(&self, cx: &ParseContext<'_>) {
        let Some(at) = self
            .written
            .on_outage
            .filter(|_| self.written.store.is_none())
        else {
            return;
        };
        let message = "`on_outage` is about a `store`, and there is none: \
             calls are counted in this process";
        let has_a_rate = self.written.max.is_some() || self.written.policy;
        let instead = if has_a_rate {
            "write `store = \"shared\"` beside it, or remove it"
        } else {
            "write `max = 100, per = 1s, store = \"shared\"` beside it, or remove it"
        };
        cx.diag.error_at(at, help(message, instead));
    }

    /// Checks that a call may weigh what it does. One that costs more than the burst is never let in.
    fn check_cost_fits_burst(&self, cx: &ParseContext<'_>) {
        let Some(cost) = &self.cost else { return };
        let (name, burst) = match (&self.burst, &self.max) {
            (Some(burst), _) => ("burst", burst.literal()),
            // Without a `burst` the burst is `max`, but a policy may have another one.
            (None, Some(max)) if self.written.burst.is_none() && !self.written.policy => {
                ("max", max.literal())
            }
            _ => return,
        };
        let (Some(literal), Some(&burst)) = (cost.literal, burst) else {
            return;
        };
        if literal > burst {
            let which = match name {
                "max" => format!("the burst, which is `max = {burst}`"),
                _ => format!("the `burst` of `{burst}`"),
            };
            cx.diag.error(
                &cost.tokens,
                help(
                    format!(
                        "a `cost` of `{literal}` is above {which}: the call can never be let in"
                    ),
                    format!("write `cost = {burst}` or `burst = {literal}`"),
                ),
            );
        }
    }
}
