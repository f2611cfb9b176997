//! Tells the layers inside when a request came, so that they need not read the clock again.
//!
//! It holds as long as the service inside is being called, on the same thread.

use std::cell::Cell;
use std::marker::PhantomData;

use resil_runtime::clock::Instant;

thread_local! {
    static CAME: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// A call of the service inside, until this is dropped.
#[must_use = "it lasts until this is dropped"]
pub(super) struct Calling {
    around: Option<Instant>,
    // It must be dropped on the thread whose call it is about.
    of_thread: PhantomData<*const ()>,
}

impl Calling {
    /// Begins a call with a request that came at `came`.
    pub(super) fn since(came: Instant) -> Self {
        Self {
            around: CAME.replace(Some(came)),
            of_thread: PhantomData,
        }
    }
}

impl Drop for Calling {
    fn drop(&mut self) {
        CAME.set(self.around);
    }
}

/// Returns when the request came, if a layer outside has read it and is calling this one now.
pub(super) fn came() -> Option<Instant> {
    CAME.get()
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;
    use std::time::Duration;

    use resil_runtime::clock;

    use super::*;

    #[test]
    fn it_is_said_during_the_call_alone() {
        let at = |secs| clock::now() + Duration::from_secs(secs);
        let (first, second) = (at(1), at(2));
        assert_eq!(came(), None);
        let outer = Calling::since(first);
        let caught = catch_unwind(|| {
            let _inner = Calling::since(second);
            assert_eq!(came(), Some(second));
            panic!("the service panics");
        });
        assert!(caught.is_err());
        assert_eq!(came(), Some(first));
        drop(outer);
        assert_eq!(came(), None);
    }
}
