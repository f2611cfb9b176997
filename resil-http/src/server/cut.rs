//! Whether a request is being dropped because the server itself gives it no more time: what is inside learns it
//! from the thread that drops it.

use std::cell::Cell;

thread_local! {
    static IS_CUTTING: Cell<bool> = const { Cell::new(false) };
}

/// Runs `drop`, which drops a request whose time is over by the server's own limit.
pub(super) fn cutting(drop: impl FnOnce()) {
    struct Back(bool);

    impl Drop for Back {
        fn drop(&mut self) {
            IS_CUTTING.set(self.0);
        }
    }

    let _back = Back(IS_CUTTING.replace(true));
    drop();
}

/// Returns whether what is dropped here is dropped for that.
pub(super) fn is_cutting() -> bool {
    // A thread that is ending drops things too.
    IS_CUTTING.try_with(Cell::get).unwrap_or(false)
}
