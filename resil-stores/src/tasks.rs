//! Counts the tasks that outlive their callers, so that a shutdown can wait for them.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use tokio::runtime::Handle;
use tokio::sync::Notify;

/// Those who wait for what a call leaves to be done: the shutdowns that it is under.
#[cfg(feature = "shutdown")]
pub(crate) use resil_runtime::__private::stores::CompletionOf as PendingOf;

/// Those who wait for what a call leaves to be done: nobody, by call.
#[cfg(not(feature = "shutdown"))]
#[derive(Clone)]
pub(crate) struct PendingOf(());

#[cfg(not(feature = "shutdown"))]
impl PendingOf {
    pub(crate) fn here(_: &'static str) -> Self {
        Self(())
    }

    fn begin(self) -> Self {
        self
    }
}

/// Counts the tasks of one store. Clones share the count.
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
            // Listens before it reads the count: the last task may leave in between.
            idle.as_mut().enable();
            if self.running.load(SeqCst) == 0 {
                return;
            }
            idle.await;
        }
    }
}

/// Counts one task. It is dropped, and leaves the count, when the task is done, panics, or goes
/// down with its runtime.
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

    /// Spawns `task` on `runtime`, where a drop of the caller does not reach it. It does what is left to
    /// do for `call`.
    pub(crate) fn spawn(
        &self,
        runtime: &Handle,
        call: PendingOf,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        self.0.enter();
        ALL.enter();
        let inside = Inside(Arc::clone(&self.0));
        let pending = call.begin();
        runtime.spawn(async move {
            task.await;
            drop((inside, pending));
        });
    }

    /// Waits until no task of this store runs.
    pub(crate) async fn drained(&self) {
        self.0.drained().await;
    }
}

/// Waits until all tasks that calls have left behind are done, on all stores of the process. They
/// record outcomes whose caller is gone, and abandon claims. Call it at a shutdown, after the last
/// call.
///
/// It takes no longer than the leases of these calls. If the future is dropped, the tasks go on.
pub async fn drain() {
    ALL.drained().await;
}
