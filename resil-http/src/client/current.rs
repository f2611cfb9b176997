//! The attempt that is being polled. reqwest's connector and its redirect policy run inside it, and find it
//! here.

use std::sync::Arc;

use super::progress::Progress;

tokio::task_local! {
    static ATTEMPT: Arc<Progress>;
}

/// Runs `attempt`, which tells `progress` of its connections and redirects.
pub(super) fn telling<F: Future>(
    progress: Arc<Progress>,
    attempt: F,
) -> impl Future<Output = F::Output> {
    ATTEMPT.scope(progress, attempt)
}

/// Returns the attempt that is being polled, if one is.
pub(super) fn current() -> Option<Arc<Progress>> {
    ATTEMPT.try_with(Arc::clone).ok()
}

/// Returns whether `attempt` is being polled.
pub(super) fn is_current(attempt: &Arc<Progress>) -> bool {
    ATTEMPT
        .try_with(|polled| Arc::ptr_eq(polled, attempt))
        .unwrap_or(false)
}
