//! The model checker's timer.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::Instant;

/// A timer that never fires.
#[derive(Debug)]
pub struct Sleep(Instant);

impl Sleep {
    pub(crate) fn until(at: Instant) -> Self {
        Self(at)
    }

    /// When it would.
    pub fn deadline(&self) -> Instant {
        self.0
    }

    /// Sets another time at which it does not fire.
    pub fn reset(mut self: Pin<&mut Self>, at: Instant) {
        self.0 = at;
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}
