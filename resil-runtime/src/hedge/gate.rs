//! Whether copies may be started yet: those of a request need its body first.

use crate::call::may_copy::MayCopy;

/// What a hedge asks before it starts a copy.
pub trait Gate {
    /// Whether it has to be asked: one that need not be costs nothing.
    const IS_ASKED: bool = true;

    /// Returns whether a copy may be started, as things are now.
    fn may_copy(&self) -> MayCopy;
}

/// The gate of code that can be started at any time.
#[derive(Debug)]
pub struct Open;

impl Gate for Open {
    const IS_ASKED: bool = false;

    #[inline(always)]
    fn may_copy(&self) -> MayCopy {
        MayCopy::Yes
    }
}
