//! The shutdown of the process, which is around every call.

#[cfg(feature = "shutdown")]
mod state {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

    use crate::cancel::source::Source;
    use crate::cancel::work::Work;

    static SHUTDOWN: LazyLock<Source> = LazyLock::new(|| Source::shutdown(Work::of_the_process()));

    /// Whether it has begun, so that a look at it takes no lock.
    static HAS_BEGUN: AtomicBool = AtomicBool::new(false);

    pub(in crate::cancel) fn process() -> Option<&'static Source> {
        Some(&SHUTDOWN)
    }

    pub(in crate::cancel) fn has_begun() -> bool {
        HAS_BEGUN.load(SeqCst)
    }

    /// Begins the shutdown of the process.
    pub(in crate::cancel) fn begin() {
        HAS_BEGUN.store(true, SeqCst);
        SHUTDOWN.token.cancel();
    }
}

#[cfg(not(feature = "shutdown"))]
mod state {
    use crate::cancel::source::Source;

    pub(in crate::cancel) fn process() -> Option<&'static Source> {
        None
    }

    pub(in crate::cancel) fn has_begun() -> bool {
        false
    }
}

#[cfg(feature = "shutdown")]
pub(super) use self::state::begin;
pub(super) use self::state::{has_begun, process};
