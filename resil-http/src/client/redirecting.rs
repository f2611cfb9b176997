//! Tells an attempt that it was redirected. What fails after that has failed a request that was sent.

use std::sync::Arc;

use reqwest::redirect::Policy;

use super::current::redirect;

/// Returns `policy`, which tells the attempt of each redirect before it decides.
pub(super) fn telling_redirects(policy: Arc<Policy>) -> Policy {
    Policy::custom(move |attempt| {
        redirect(attempt.url());
        policy.redirect(attempt)
    })
}
