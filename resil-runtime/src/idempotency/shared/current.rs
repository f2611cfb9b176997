//! What the body under a claim may know of it.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use super::hash::digest;
use crate::idempotency::key::Key;
use crate::idempotency::store::RecordKey;

thread_local! {
    /// Set while a body under a claim is polled.
    static CURRENT: Cell<Option<Frame>> = const { Cell::new(None) };
}

/// The claim of a body. Hashed where it is asked for: the store in memory needs no SHA-256.
#[derive(Clone)]
pub(in crate::idempotency) struct Frame {
    key: FrameKey,
    fence: u64,
}

#[derive(Clone)]
enum FrameKey {
    Record(Box<RecordKey>),
    Memory(Arc<Key>),
}

impl Frame {
    pub(in crate::idempotency) fn of_record(key: RecordKey, fence: u64) -> Self {
        Self {
            key: FrameKey::Record(Box::new(key)),
            fence,
        }
    }

    pub(in crate::idempotency) fn of_memory(key: &Arc<Key>, fence: u64) -> Self {
        Self {
            key: FrameKey::Memory(Arc::clone(key)),
            fence,
        }
    }
}

/// Runs `poll` with `frame` as the current one, which is back in its place afterwards.
pub(in crate::idempotency) fn under<R>(frame: &mut Option<Frame>, poll: impl FnOnce() -> R) -> R {
    struct Restore<'f> {
        frame: &'f mut Option<Frame>,
        before: Option<Frame>,
    }
    impl Drop for Restore<'_> {
        fn drop(&mut self) {
            *self.frame = CURRENT.replace(self.before.take());
        }
    }
    let before = CURRENT.replace(frame.take());
    let _restore = Restore { frame, before };
    poll()
}

/// The claim that the body runs under: see [`current`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Current {
    key: [u8; 32],
    fence: u64,
}

impl Current {
    /// The hash of namespace, scope and key, as 64 hex digits: an `Idempotency-Key` for what the
    /// body calls. The same for every start of one key, in every process with the same store
    /// settings.
    pub fn key(&self) -> String {
        RecordKey::new(self.key, "").hex()
    }

    /// Its 32 bytes.
    pub fn key_bytes(&self) -> [u8; 32] {
        self.key
    }

    /// Rises with every owner of the key: a fencing token. Who keeps the highest one that it has
    /// seen can refuse an owner that stood still and comes back late.
    pub fn fence(&self) -> u64 {
        self.fence
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Current")
            .field("key", &RecordKey::new(self.key, ""))
            .field("fence", &self.fence)
            .finish()
    }
}

/// Key and fence of the claim that the caller runs under: inside a body under `#[idempotent]`, the
/// innermost one; `None` elsewhere, in a task that the body spawned, and where a body runs
/// unprotected while the store is away.
pub fn current() -> Option<Current> {
    let frame = CURRENT.take();
    CURRENT.set(frame.clone());
    let Frame { key, fence } = frame?;
    let key = match key {
        FrameKey::Record(record) => *record.hash(),
        FrameKey::Memory(key) => key.digest(|parts| digest(None, parts)),
    };
    Some(Current { key, fence })
}
