//! What ends waits from outside: a token, with the reason that is told.

#[cfg(feature = "shutdown")]
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio_util::sync::CancellationToken;

#[cfg(feature = "shutdown")]
use super::work::Work;
use crate::event::StopReason;

/// Something that ends waits from outside.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// That of its clones, and of no other.
    pub(super) id: u64,
    pub(super) token: CancellationToken,
    pub(super) reason: StopReason,
    /// The calls in the scope of a shutdown; `None` for a token of the user's.
    #[cfg(feature = "shutdown")]
    pub(super) work: Option<Arc<Work>>,
}

/// Returns a number that no other source has.
fn next_id() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Relaxed)
}

impl Source {
    /// Creates the source of a scope with a token of the user's.
    pub(super) fn cancelled_by(token: CancellationToken) -> Self {
        Self {
            id: next_id(),
            token,
            reason: StopReason::Cancelled,
            #[cfg(feature = "shutdown")]
            work: None,
        }
    }

    /// Creates the source of a shutdown.
    #[cfg(feature = "shutdown")]
    pub(super) fn shutdown(work: Work) -> Self {
        Self {
            id: next_id(),
            token: CancellationToken::new(),
            reason: StopReason::Shutdown,
            work: Some(Arc::new(work)),
        }
    }
}
