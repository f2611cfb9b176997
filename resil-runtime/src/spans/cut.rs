//! The policy that is dropping an attempt, so that the attempt's span can say so.

#[cfg(feature = "tracing")]
use std::cell::Cell;

/// What is known while something is dropped on this thread.
#[cfg(feature = "tracing")]
#[derive(Debug, Clone, Copy, Default)]
struct Cut {
    /// The policy that drops it; `None` if a caller does.
    policy: Option<&'static str>,
    /// The number of attempts, one in the other, that are being dropped.
    depth: u32,
}

#[cfg(feature = "tracing")]
thread_local! {
    static CUT: Cell<Cut> = const { Cell::new(Cut { policy: None, depth: 0 }) };
}

/// Runs `drop`, by which `policy` drops attempts before they are done.
#[cfg(feature = "tracing")]
pub(crate) fn by(policy: &'static str, drop: impl FnOnce()) {
    /// Restores, when dropped, what was known before.
    struct Restore(Cut);
    impl Drop for Restore {
        fn drop(&mut self) {
            let _ = CUT.try_with(|cut| cut.set(self.0));
        }
    }
    let policy = Some(policy);
    let now = Cut { policy, depth: 0 };
    let _restore = Restore(CUT.try_with(|cut| cut.replace(now)).unwrap_or_default());
    drop();
}

/// Runs `drop`, by which `policy` drops attempts before they are done: nobody asks.
#[cfg(not(feature = "tracing"))]
#[inline(always)]
pub(crate) fn by(_policy: &'static str, drop: impl FnOnce()) {
    drop();
}

/// Notes that the body of an attempt is about to be dropped. What its calls of other functions drop is not
/// dropped by the policy.
#[cfg(feature = "tracing")]
pub(super) fn begin() {
    change(|depth| depth.saturating_add(1));
}

/// Notes that the body of that attempt was dropped, and returns the policy that did it, if one did.
#[cfg(feature = "tracing")]
pub(super) fn end() -> Option<&'static str> {
    let cut = change(|depth| depth.saturating_sub(1));
    cut.policy.filter(|_| cut.depth == 0)
}

#[cfg(feature = "tracing")]
fn change(depth: impl FnOnce(u32) -> u32) -> Cut {
    let changed = CUT.try_with(|cut| {
        let now = Cut {
            depth: depth(cut.get().depth),
            ..cut.get()
        };
        cut.set(now);
        now
    });
    // A thread that is ending drops what is left on it: no policy does.
    changed.unwrap_or_default()
}
