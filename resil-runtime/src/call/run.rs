//! Runs the code inside a layer in place: in a function that is not async.

/// Runs `body`, the user's code with a `?` and a `return` of its own.
#[inline(always)]
pub fn run<R>(body: impl FnOnce() -> R) -> R {
    body()
}
