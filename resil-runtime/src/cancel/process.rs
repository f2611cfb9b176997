//! The shutdown of the process, which is around every call.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use super::source::Source;
use super::work::Work;

static SHUTDOWN: LazyLock<Source> = LazyLock::new(|| Source::shutdown(Work::of_the_process()));

/// Whether it has begun, so that a look at it takes no lock.
static HAS_BEGUN: AtomicBool = AtomicBool::new(false);

pub(super) fn process() -> &'static Source {
    &SHUTDOWN
}

pub(super) fn has_begun() -> bool {
    HAS_BEGUN.load(SeqCst)
}

/// Begins the shutdown of the process.
pub(super) fn begin() {
    HAS_BEGUN.store(true, SeqCst);
    SHUTDOWN.token.cancel();
}
