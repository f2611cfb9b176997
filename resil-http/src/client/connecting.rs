//! Tells an attempt that its connection is being made. reqwest makes connections in its pool, and says
//! nothing about them; a layer around its connector sees each one begin and end.

use std::sync::Arc;

use super::current::{current, is_current};
use super::progress::Progress;
use crate::balance::{Counted, Counting, Watch, Watching};

/// Tells the attempt that wants a connection, if `tells`, and counts.
#[derive(Debug, Clone)]
pub(super) struct TellConnecting {
    pub(super) tells: bool,
    pub(super) counted: Counted,
}

impl Watch for TellConnecting {
    type Watching = Told;

    fn begin(&self) -> Told {
        let attempt = current().filter(|_| self.tells);
        if let Some(attempt) = &attempt {
            attempt.connecting();
        }
        Told {
            attempt,
            counting: self.counted.begin(),
        }
    }
}

/// The attempt that waits for the connection. Its limit, and a call that is dropped, end the wait too.
pub(super) struct Told {
    attempt: Option<Arc<Progress>>,
    counting: Counting,
}

impl Told {
    fn let_go(&mut self) {
        if let Some(attempt) = self.attempt.take() {
            attempt.connected();
        }
    }

    /// Returns whether the attempt is what polls the connection. If another connection has become free
    /// meanwhile, the attempt takes that one, and this one is finished in a task of its own, for the pool.
    fn is_awaited(&self) -> bool {
        self.attempt.as_ref().is_some_and(is_current)
    }
}

impl Watching for Told {
    fn go_on(&mut self) {
        if !self.is_awaited() {
            self.let_go();
        }
    }

    fn end(&mut self, is_open: bool) {
        self.let_go();
        self.counting.end(is_open);
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.let_go();
    }
}
