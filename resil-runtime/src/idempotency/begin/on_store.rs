//! How a call begins on a shared store: its key and fingerprint are hashed, and what the engine
//! found becomes the layer's answer.

use super::{Begin, Beginning, SiteOf, Wish};
use crate::call::CallState;
use crate::call::id_of;
use crate::event::is_awake;
use crate::idempotency::codec::Gate;
use crate::idempotency::error::{IdempotencyError, InstanceName};
use crate::idempotency::key::{PreparedFingerprint, PreparedKey};
use crate::idempotency::memory::global;
use crate::idempotency::policy::IdempotentPolicy;
use crate::idempotency::shared::begin::{Began, Call};
use crate::idempotency::shared::tenure::Tenure;
use crate::idempotency::shared::{self, Shared, StoreChoice};
use crate::idempotency::store::{ClaimRequest, StoreError, Token};

/// A claim on a shared store.
#[doc(hidden)]
#[must_use = "a claim that is dropped frees its key"]
pub struct Hold<'a, T, E>(pub(in crate::idempotency) Box<Tenure<'a, T, E>>);

impl<T, E> std::fmt::Debug for Hold<'_, T, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hold")
            .field("fence", &self.0.fence())
            .finish_non_exhaustive()
    }
}

impl SiteOf<'_> {
    /// [`begin`](Self::begin) of a site with a store of its own.
    pub fn begin_on<'a, T, E>(
        &self,
        store: StoreChoice,
        policy: &IdempotentPolicy,
        key: PreparedKey,
        fingerprint: Option<PreparedFingerprint>,
        gate: Gate<T, E>,
        mark: &'a CallState,
    ) -> Beginning<'a, T, E> {
        self.begin_shared(store.0, policy, key, fingerprint, gate, mark)
    }

    pub(super) fn begin_shared<'a, T, E>(
        &self,
        store: Result<Shared, StoreError>,
        policy: &IdempotentPolicy,
        key: PreparedKey,
        fingerprint: Option<PreparedFingerprint>,
        gate: Gate<T, E>,
        mark: &'a CallState,
    ) -> Beginning<'a, T, E> {
        let mut shown = 0;
        let wish = match self.wish_on(store, policy, key, fingerprint) {
            Ok(mut call) => {
                call.id = is_awake().then(|| id_of(Some(mark)));
                shown = call.key.shown();
                Wish::Shared(self.name(), Box::pin(shared::begin::begin(call)))
            }
            Err(e) => Wish::Refuse(e),
        };
        Beginning {
            store: global(),
            conflict: policy.conflict,
            version: policy.version,
            gate,
            mark,
            shown,
            wish,
            wait: None,
        }
    }

    fn wish_on(
        &self,
        store: Result<Shared, StoreError>,
        policy: &IdempotentPolicy,
        key: PreparedKey,
        fingerprint: Option<PreparedFingerprint>,
    ) -> Result<Call, IdempotencyError> {
        let name = self.name();
        let shared = store.map_err(|source| IdempotencyError::Store { name, source })?;
        let mut scope = self.scope();
        if shared.store.outlives_process() {
            if self.site.name.is_none() {
                return Err(IdempotencyError::Unnamed { name });
            }
            if let Some(types) = self.types {
                if !self.site.says.tells_apart(types) {
                    let instance = types.function();
                    let instance = InstanceName::new(instance);
                    return Err(IdempotencyError::TypeNotInKey { name, instance });
                }
                scope.instance = None;
            }
        }
        let parts = key
            .0
            .map_err(|(part, reason)| IdempotencyError::InvalidKey { name, part, reason })?;
        let key = shared.record_key(scope, &parts);
        let fingerprint = fingerprint
            .map(|f| f.0)
            .transpose()
            .map_err(|_| IdempotencyError::InvalidFingerprint { name })?
            .map(|bytes| shared.fingerprint(&key, &bytes));
        let request = ClaimRequest::new(Token::random(), policy.lease, policy.ttl)
            .fingerprint(fingerprint)
            .on_abandon(policy.on_abandon);
        Ok(Call {
            shared,
            key,
            request,
            conflict: policy.conflict,
            id: None,
        })
    }
}

impl<'a, T, E> Beginning<'a, T, E> {
    pub(super) fn began(
        &self,
        name: &'static str,
        began: Began,
    ) -> Result<Begin<'a, T, E>, IdempotencyError> {
        let (gate, version) = (self.gate, self.version);
        let hold = |owner| {
            let tenure = Tenure::new(owner, self.mark, gate, version);
            Ok(Begin::Hold(Hold(Box::new(tenure))))
        };
        match began {
            Began::Run(owner) => hold(Some(owner)),
            Began::Open => hold(None),
            Began::Refuse(e) => Err(e),
            Began::Done(recorded, codec) => {
                let ok = |bytes: &[u8]| ((gate.ok)().decode_with)(bytes, &*codec);
                let err = gate.err.map(|both| {
                    let codec = &*codec;
                    move |bytes: &[u8]| (both().decode_with)(bytes, codec)
                });
                self.replay(name, codec.id(), &recorded, ok, err)
            }
        }
    }
}
