//! What is left to do after an attempt that succeeded.

use super::ask::PathOf;
use super::decision::CallOf;
use super::policy::RetryPolicy;
use super::site::RetrySite;
use super::state::Retry;
use crate::call::CallState;
use crate::event::{self, Event};

impl Retry {
    /// Records an attempt that succeeded. `path` returns the path of the closure that answers questions.
    #[inline(always)]
    pub(super) fn succeeded(
        &mut self,
        site: &'static RetrySite,
        policy: &RetryPolicy,
        call: Option<&CallState>,
        path: PathOf,
    ) {
        if self.0.is_some() {
            self.succeeded_again(site, policy, call, path());
        } else if policy.budget.is_some() && site.has_spent() {
            give_one(site, policy, path());
        }
    }

    /// Records a success after retries.
    #[cold]
    #[inline(never)]
    fn succeeded_again(
        &mut self,
        site: &'static RetrySite,
        policy: &RetryPolicy,
        call: Option<&CallState>,
        closure: &'static str,
    ) {
        let site = site.of(closure);
        if let Some((budget, numbers)) = site.budget_in_use(policy) {
            budget.give(numbers.cost);
        }
        let mut call = CallOf::new(call, self.0.as_deref());
        event::emit(|| Event::RetrySucceeded {
            function: site.site.name(),
            attempts: self.attempt(),
            call: call.id(),
        });
        self.done();
    }
}

#[cold]
#[inline(never)]
fn give_one(site: &'static RetrySite, policy: &RetryPolicy, closure: &'static str) {
    site.of(closure).budget(policy).give(1);
}
