//! The rules between the options of one `#[bulkhead]`.

use super::options::Bulkhead;
use crate::diag::help;
use crate::parse::{ParseContext, messages};
use crate::policy::named::check_max_keys_have_a_key;

impl Bulkhead {
    /// Checks the options against all rules.
    pub(super) fn check_options(&self, cx: &ParseContext<'_>) {
        self.check_there_is_a_limit(cx);
        self.check_max_or_adaptive(cx);
        self.check_wait_has_a_queue(cx);
        check_max_keys_have_a_key(
            self.written.max_keys,
            self.written.key,
            ("bulkhead", "host"),
            cx,
        );
        if let Some(adaptive) = &self.adaptive {
            adaptive.check_order(cx);
        }
    }

    /// Checks that something says how many calls may be inside. Nobody can tell a good number from
    /// outside, so there is no default; but a function may leave it to the others of its name.
    fn check_there_is_a_limit(&self, cx: &ParseContext<'_>) {
        let written = &self.written;
        if written.max.is_some() || written.adaptive.is_some() || written.policy {
            return;
        }
        let settings = [written.queue, written.wait, written.max_keys];
        let first = settings.into_iter().flatten().next();
        if written.name && first.is_none() {
            return;
        }
        let message = "`#[bulkhead]` needs a `max`, the number of calls inside at once";
        let instead = "write `#[bulkhead(max = 16)]`, or `#[bulkhead(adaptive)]` to have it found";
        cx.diag.error_at(self.span, help(message, instead));
    }

    /// Checks that the limit is not both fixed and found.
    fn check_max_or_adaptive(&self, cx: &ParseContext<'_>) {
        if let (Some(_), Some(at)) = (self.written.max, self.written.adaptive) {
            let why = "the limit is found within `adaptive(max = ..)`, or it is fixed";
            cx.diag
                .error_at(at, messages::excludes("adaptive", "max", why));
        }
    }

    /// Checks that calls can wait if something says for how long.
    fn check_wait_has_a_queue(&self, cx: &ParseContext<'_>) {
        let Some(at) = self.written.wait else { return };
        if self.written.queue.is_none() && !self.written.policy {
            let why = "without a `queue` no call waits";
            let instead = "write `queue = 64` beside it, or remove it";
            cx.diag
                .error_at(at, messages::no_effect("wait", why, instead));
        }
        if let Some(queue) = self.queue.as_ref().filter(|q| q.literal() == Some(&0)) {
            let why = "with a `queue` of `0` no call waits";
            let instead = "write `queue = 64`, or remove `wait`";
            cx.diag
                .error(queue, messages::no_effect("wait", why, instead));
        }
    }
}
