//! The key and the fence of the claim that a body runs under, for the body to forward.

use std::fmt;

use resil_runtime::__private::stores::{ClaimedKey, innermost};
use resil_runtime::idempotency::store::RecordKey;

use crate::call::stored_key;
use crate::hash::digest;
use crate::instance::text;

/// The claim that the body runs under: see [`current`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Current {
    key: [u8; 32],
    fence: u64,
}

impl Current {
    /// Returns the hash of namespace, scope and key, as 64 hex digits: an `Idempotency-Key` for
    /// services that the body calls. It is the same for every start of one key, in every process
    /// whose store has the same settings.
    pub fn key(&self) -> String {
        RecordKey::new(self.key, "").hex()
    }

    /// Returns the 32 bytes of that hash.
    pub fn key_bytes(&self) -> [u8; 32] {
        self.key
    }

    /// Returns the fence, which rises with every owner of the key. It serves as a fencing token: a
    /// service that keeps the highest fence that it has seen can refuse an owner that stood still
    /// and comes back late.
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

/// Returns key and fence of the claim that the caller runs under.
///
/// In a body under several claims it is the innermost. `None` outside of a body under
/// `#[idempotent]`, in a task that the body has spawned, and in a body that runs unprotected while
/// the store is away.
pub fn current() -> Option<Current> {
    let claim = innermost()?;
    let key = match claim.key() {
        // Hashed as on a store that has no namespace and no pepper.
        ClaimedKey::Memory(_, key) => digest(None, &[b"", text(key.scope).as_bytes(), &key.parts]),
        stored @ ClaimedKey::Stored(_) => *stored_key(stored)?.hash(),
    };
    Some(Current {
        key,
        fence: claim.fence(),
    })
}
