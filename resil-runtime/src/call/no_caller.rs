//! What `caller` is without the feature `catalog`: nobody asks who calls whom.

/// The function around a place: it is not noted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller(());

impl Caller {
    #[inline(always)]
    pub(crate) fn here() -> Self {
        Self(())
    }

    /// Runs `poll`.
    #[inline(always)]
    #[expect(
        clippy::unused_self,
        reason = "it is what `caller` is with the feature"
    )]
    pub(crate) fn enter<R>(self, poll: impl FnOnce() -> R) -> R {
        poll()
    }
}
