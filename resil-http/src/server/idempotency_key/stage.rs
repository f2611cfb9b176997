//! Whether the handler of a request has begun. A client that goes before ends its request; one that goes later does
//! not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::AcqRel, Ordering::Acquire};

use tokio::task::JoinHandle;

const WAITS: u8 = 0;
const BEGAN: u8 = 1;
const GONE: u8 = 2;

/// The stage of one request: it waits, its handler has begun, or its client has gone before that.
#[derive(Debug, Clone, Default)]
pub(super) struct Stage(Arc<AtomicU8>);

impl Stage {
    /// Begins the handler. Returns `false` if the client has gone: then it must not begin.
    pub(super) fn begins(&self) -> bool {
        self.leaves_waiting_for(BEGAN)
    }

    /// Returns whether the handler has begun.
    pub(super) fn has_begun(&self) -> bool {
        self.0.load(Acquire) == BEGAN
    }

    fn leaves_waiting_for(&self, next: u8) -> bool {
        let was = self.0.compare_exchange(WAITS, next, AcqRel, Acquire);
        was.is_ok()
    }
}

/// The task of a request, held by its client.
#[derive(Debug)]
pub(super) struct Attended<T> {
    pub(super) task: JoinHandle<T>,
    pub(super) stage: Stage,
}

impl<T> Drop for Attended<T> {
    /// Ends the task if its handler has not begun, and never will.
    fn drop(&mut self) {
        if self.stage.leaves_waiting_for(GONE) {
            self.task.abort();
        }
    }
}
