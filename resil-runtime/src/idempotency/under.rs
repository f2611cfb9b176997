//! The claims that the poll in progress is under: what a body may ask of its own, and which keys it
//! must not wait for.
//!
//! A frame is on the stack of its thread while the body under its claim is polled, in that body's
//! task. What the body polls itself is under the claim; a task that it spawns is not.

use std::cell::RefCell;
use std::sync::Arc;

use tokio::task;

use super::key::Key;
use super::memory::MemoryStore;
#[cfg(feature = "store")]
use super::shared::Live;
#[cfg(feature = "store")]
use super::store::{ClaimRequest, RecordKey};

thread_local! {
    static UNDER: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}

/// The claim of a body. Its key is hashed where that is asked for: the store in memory needs no
/// SHA-256.
#[derive(Clone)]
pub(super) struct Frame {
    pub(super) key: HeldKey,
    #[cfg_attr(
        not(feature = "store"),
        expect(dead_code, reason = "nobody may ask for it")
    )]
    pub(super) fence: u64,
    /// Whose poll it is: a task that is driven inside of another one is not that one.
    task: Option<task::Id>,
}

/// A key, and the store that holds it.
#[derive(Clone)]
pub(super) enum HeldKey {
    Memory(&'static MemoryStore, Arc<Key>),
    /// With the claim's token and spans: by the token a store knows its record again, over whatever
    /// handle it is reached.
    #[cfg(feature = "store")]
    Shared(Arc<Live>, Box<(RecordKey, ClaimRequest)>),
}

impl Frame {
    pub(super) fn new(key: HeldKey, fence: u64) -> Self {
        let task = None;
        Self { key, fence, task }
    }
}

/// Runs `poll` with `frame` on the stack; it is back in its place afterwards.
pub(super) fn under<R>(frame: &mut Option<Frame>, poll: impl FnOnce() -> R) -> R {
    struct Leave<'f>(&'f mut Option<Frame>);
    impl Drop for Leave<'_> {
        fn drop(&mut self) {
            *self.0 = UNDER.with_borrow_mut(Vec::pop);
        }
    }
    let Some(mut entered) = frame.take() else {
        return poll();
    };
    entered.task = task::try_id();
    UNDER.with_borrow_mut(|frames| frames.push(entered));
    let _leave = Leave(frame);
    poll()
}

/// Whether the body that holds `key` in memory is being polled, by whom that is asked: it would wait
/// for itself.
pub(super) fn holds(store: &MemoryStore, key: &Key) -> bool {
    any(|held| match held {
        HeldKey::Memory(of, held) => std::ptr::eq(*of, store) && **held == *key,
        #[cfg(feature = "store")]
        HeldKey::Shared(..) => false,
    })
}

/// [`holds`], on a shared store.
#[cfg(feature = "store")]
pub(super) fn holds_on(store: &Arc<Live>, key: &RecordKey) -> bool {
    any(|held| match held {
        HeldKey::Shared(of, held) => Arc::ptr_eq(of, store) && held.0 == *key,
        HeldKey::Memory(..) => false,
    })
}

/// The claim on such a key that the poll is under, on whatever store.
#[cfg(feature = "store")]
pub(super) fn claim_on(key: &RecordKey) -> Option<ClaimRequest> {
    find(|held| match held {
        HeldKey::Shared(_, held) if held.0 == *key => Some(held.1),
        _ => None,
    })
}

fn any(is: impl Fn(&HeldKey) -> bool) -> bool {
    find(|held| is(held).then_some(())).is_some()
}

fn find<R>(of: impl Fn(&HeldKey) -> Option<R>) -> Option<R> {
    UNDER.with_borrow(|frames| {
        // Most calls are under no claim.
        frames.last()?;
        let task = task::try_id();
        let mut own = frames.iter().filter(|frame| frame.task == task);
        own.find_map(|frame| of(&frame.key))
    })
}

/// The innermost claim.
#[cfg(feature = "store")]
pub(super) fn innermost() -> Option<Frame> {
    UNDER.with_borrow(|frames| frames.last().cloned())
}
