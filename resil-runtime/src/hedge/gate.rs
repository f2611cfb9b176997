//! Whether copies may be started yet: those of a request need its body first.

use crate::call::may_copy::MayCopy;

/// What a hedge asks before it starts a copy.
pub trait Gate {
    /// Returns whether it has to be asked: one that need not be costs nothing.
    fn is_asked(&self) -> bool;

    /// Returns whether a copy may be started, as things are now.
    fn may_copy(&self) -> MayCopy;
}

/// The gate of code that can be started at any time.
#[derive(Debug)]
pub struct Open;

impl Gate for Open {
    #[inline(always)]
    fn is_asked(&self) -> bool {
        false
    }

    #[inline(always)]
    fn may_copy(&self) -> MayCopy {
        MayCopy::Yes
    }
}
