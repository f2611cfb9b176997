//! Keeps the claims that the poll in progress runs under. A body must not wait for a key that it
//! holds itself, and it may ask for the key and the fence of its own claim.
//!
//! A claim is on a stack of the thread while the body under it is polled. A future that the body
//! polls itself is under the claim; a task that it spawns is not.

use std::any::Any;
use std::cell::RefCell;
use std::sync::Arc;

use tokio::task;

use super::key::{Key, KeyRef};
use super::memory::MemoryStore;

thread_local! {
    static ACTIVE: RefCell<Vec<ActiveClaim>> = const { RefCell::new(Vec::new()) };
}

/// The claim that a body runs under.
#[derive(Debug, Clone)]
pub struct ActiveClaim {
    key: ClaimedKey,
    fence: u64,
    /// The task that polls the body. A task may be driven inside the poll of another one, on the
    /// same thread; it has an id of its own.
    task: Option<task::Id>,
}

/// A claimed key, and the store that holds it.
#[derive(Debug, Clone)]
pub enum ClaimedKey {
    /// A key of the store in memory. It is hashed only if the body asks for its key: that store
    /// needs no SHA-256.
    Memory(&'static MemoryStore, Arc<Key>),
    /// A key on a store outside of memory, as a type of `resil-stores`.
    Stored(Arc<dyn Any + Send + Sync>),
}

impl ActiveClaim {
    /// Makes the claim on `key` that has `fence`. It becomes active in [`under`].
    pub fn new(key: ClaimedKey, fence: u64) -> Self {
        let task = None;
        Self { key, fence, task }
    }

    /// Returns the claimed key.
    pub fn key(&self) -> &ClaimedKey {
        &self.key
    }

    /// Returns the fence of the claim.
    pub fn fence(&self) -> u64 {
        self.fence
    }
}

/// Runs `poll` with `claim` on the stack. The claim is put back into its place afterwards, also by
/// a panic.
pub fn under<R>(claim: &mut Option<ActiveClaim>, poll: impl FnOnce() -> R) -> R {
    struct Leave<'c>(&'c mut Option<ActiveClaim>);
    impl Drop for Leave<'_> {
        fn drop(&mut self) {
            let left = ACTIVE.try_with(|claims| claims.borrow_mut().pop());
            *self.0 = left.ok().flatten();
        }
    }
    let Some(mut entered) = claim.take() else {
        return poll();
    };
    entered.task = task::try_id();
    // On a thread that is ending the stack may be gone: the body runs without.
    let _ = ACTIVE.try_with(|claims| claims.borrow_mut().push(entered));
    let _leave = Leave(claim);
    poll()
}

/// Returns whether the poll in progress runs under the claim on `key` in memory. A call that waited
/// for that claim would wait for itself.
pub(super) fn holds(store: &MemoryStore, key: &KeyRef<'_>) -> bool {
    let is_ours = |held: &ClaimedKey| match held {
        ClaimedKey::Memory(of, held) => std::ptr::eq(*of, store) && held.looked_for().is(key),
        ClaimedKey::Stored(_) => false,
    };
    find(|held| is_ours(held).then_some(())).is_some()
}

/// Asks the active claims of this task, the outermost first, until one answers.
pub fn find<R>(of: impl Fn(&ClaimedKey) -> Option<R>) -> Option<R> {
    of_this_task(|claims, task| {
        let mut own = claims.iter().filter(|claim| claim.task == task);
        own.find_map(|claim| of(&claim.key))
    })
}

/// Returns the innermost active claim of this task.
pub fn innermost() -> Option<ActiveClaim> {
    of_this_task(|claims, task| claims.iter().rfind(|c| c.task == task).cloned())
}

/// Asks the active claims, the outermost first, for those of the task whose poll is in progress. A
/// task that is driven inside of another one has none of the other's.
fn of_this_task<R>(ask: impl FnOnce(&[ActiveClaim], Option<task::Id>) -> Option<R>) -> Option<R> {
    let asked = ACTIVE.try_with(|claims| {
        let claims = claims.borrow();
        // Most calls are under no claim, and need not ask for the id of the task.
        claims.last()?;
        ask(&claims, task::try_id())
    });
    asked.ok().flatten()
}
