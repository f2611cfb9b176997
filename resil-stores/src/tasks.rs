//! Tasks that outlive their callers, counted so that a shutdown can wait for them.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use tokio::runtime::Handle;
use tokio::sync::Notify;

/// Counts tasks. Clones count together.
#[derive(Clone)]
pub(crate) struct Tracker(Arc<Count>);

struct Count {
    running: AtomicUsize,
    idle: Notify,
}

static ALL: Count = Count {
    running: AtomicUsize::new(0),
    idle: Notify::const_new(),
};

impl Count {
    fn enter(&self) {
        self.running.fetch_add(1, SeqCst);
    }

    fn leave(&self) {
        if self.running.fetch_sub(1, SeqCst) == 1 {
            self.idle.notify_waiters();
        }
    }

    async fn drained(&self) {
        loop {
            let mut idle = std::pin::pin!(self.idle.notified());
            // Listens before it looks: the last one may leave in between.
            idle.as_mut().enable();
            if self.running.load(SeqCst) == 0 {
                return;
            }
            idle.await;
        }
    }
}

/// Leaves when the task is done, panics, or goes down with its runtime.
struct Inside(Arc<Count>);

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.leave();
        ALL.leave();
    }
}

impl Tracker {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Count {
            running: AtomicUsize::new(0),
            idle: Notify::new(),
        }))
    }

    /// Runs `task` on `runtime`, out of reach of whoever is dropped.
    pub(crate) fn spawn(&self, runtime: &Handle, task: impl Future<Output = ()> + Send + 'static) {
        self.0.enter();
        ALL.enter();
        let inside = Inside(Arc::clone(&self.0));
        runtime.spawn(async move {
            let _inside = inside;
            task.await;
        });
    }

    pub(crate) async fn drained(&self) {
        self.0.drained().await;
    }
}

/// Waits until everything that calls have left behind is done, on all stores of the process:
/// completions whose caller is gone, abandoned claims. For a shutdown, after the last call.
///
/// It takes no longer than the leases of these calls.
pub async fn drain() {
    ALL.drained().await;
}
