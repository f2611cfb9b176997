//! The static state of one `#[idempotent]` where the feature `store` is on. It finds the store on
//! which each call is made.

use std::future::ready;

use resil_runtime::__private::stores::{
    CallState, CallStore, Cause, IdempotentSite as MemorySite, KeySays, KeyedBegin, KeyedCall,
    PreparedFingerprint, PreparedKey, Scope, Site, SiteOf as MemorySiteOf, StoredCodec, StoredRun,
    Types,
};
use resil_runtime::idempotency::IdempotentPolicy;
use resil_runtime::idempotency::store::{StoreError, Token};

use crate::begin::{ClaimOutcome, begin};
use crate::call::StoredCall;
use crate::codec::ResultCodec;
use crate::install::{StoreChoice, default_store};
use crate::instance::tells_apart;
use crate::running::{ClaimFuture, Claiming};
use crate::shared::Shared;
use crate::tasks::PendingOf;

/// The static state of one `#[idempotent]` in the source.
#[derive(Debug)]
pub struct IdempotentSite(MemorySite);

/// An [`IdempotentSite`] with one instance of its function.
#[derive(Debug, Clone, Copy)]
pub struct SiteOf<'s>(MemorySiteOf<'s>);

impl IdempotentSite {
    /// Makes a site whose keys belong to `name`, or else to the function.
    pub const fn new(site: &'static Site, name: Option<&'static str>) -> Self {
        Self(MemorySite::new(site, name))
    }

    /// Sets which types the expression of the key names. Read only where the function has several
    /// instances.
    pub const fn key_says(mut self, says: KeySays) -> Self {
        self.0.says = says;
        self
    }

    /// Returns the site with the instance that has these types.
    #[inline(always)]
    pub fn of(&self, types: Option<Types>) -> SiteOf<'_> {
        SiteOf(self.0.of(types))
    }
}

impl SiteOf<'_> {
    /// Begins a call on the installed store, or else on the one in memory.
    ///
    /// `state` is the state of this call, and the bodies that run under the claim must be watched
    /// with it. Nothing is claimed before the first poll.
    pub fn begin<'a, T, E>(
        self,
        policy: &'a IdempotentPolicy,
        key: PreparedKey,
        fingerprint: Option<PreparedFingerprint>,
        codec: ResultCodec<T, E>,
        state: &'a CallState,
    ) -> ClaimFuture<'a, T, E> {
        if let Some(store) = default_store() {
            let store = Ok(store.clone());
            return self.begin_stored(store, policy, key, fingerprint, codec.stored, state);
        }
        let in_memory = self.0.begin(policy, key, fingerprint, codec.memory, state);
        ClaimFuture::in_memory(in_memory)
    }

    /// Begins a call as [`begin`](Self::begin) does, on the store that the attribute names.
    pub fn begin_on<'a, T, E>(
        self,
        store: StoreChoice,
        policy: &IdempotentPolicy,
        key: PreparedKey,
        fingerprint: Option<PreparedFingerprint>,
        codec: ResultCodec<T, E>,
        state: &'a CallState,
    ) -> ClaimFuture<'a, T, E> {
        self.begin_stored(store.0, policy, key, fingerprint, codec.stored, state)
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "a call that keeps its key no longer than this holds no room for it"
    )]
    fn begin_stored<'a, T, E>(
        &self,
        store: Result<Shared, StoreError>,
        policy: &IdempotentPolicy,
        key: PreparedKey,
        fingerprint: Option<PreparedFingerprint>,
        codec: StoredCodec<T, E>,
        state: &'a CallState,
    ) -> ClaimFuture<'a, T, E> {
        let call = self.call(store, policy, &key, fingerprint);
        let shown = call.as_ref().map_or(0, |call| call.key.shown());
        let keyed = KeyedCall::new(state, shown, policy.result_version());
        let claim: Claiming = match call {
            Ok(mut call) => {
                call.id = keyed.id();
                Box::pin(begin(call))
            }
            Err(cause) => Box::pin(ready(ClaimOutcome::Refuse(cause))),
        };
        ClaimFuture::on_store(self.0.name(), claim, codec, keyed)
    }

    fn call(
        &self,
        store: Result<Shared, StoreError>,
        policy: &IdempotentPolicy,
        key: &PreparedKey,
        fingerprint: Option<PreparedFingerprint>,
    ) -> Result<StoredCall, Cause> {
        let shared = store.map_err(Cause::Store)?;
        let scope = scope_on(self.0, shared.store().outlives_process())?;
        let key = shared.record_key(scope, key.parts()?);
        let fingerprint = fingerprint
            .map(PreparedFingerprint::into_bytes)
            .transpose()?
            .map(|bytes| shared.fingerprint(&key, &bytes));
        Ok(StoredCall {
            shared,
            key,
            request: policy.claim(Token::random(), fingerprint),
            waits: policy.waits(),
            id: None,
            pending: PendingOf::here(key.name()),
        })
    }
}

/// A policy that is run as a value begins its calls here: its types are in boxes.
impl CallStore for Shared {
    fn begin<'a>(&self, call: KeyedBegin<'a, '_>) -> Box<dyn StoredRun + 'a> {
        let KeyedBegin {
            site,
            policy,
            key,
            fingerprint,
            codec,
            state,
        } = call;
        let store = Ok(self.clone());
        Box::new(SiteOf(site).begin_stored(store, policy, key, fingerprint, codec, state))
    }
}

/// Returns the scope of the keys on a store. If the store outlives the process, neither the address
/// of a static nor the names of types can be part of the scope.
///
/// # Errors
///
/// On a store that outlives the process: [`Cause::Unnamed`] if the site has no `name`, and
/// [`Cause::TypeNotInKey`] if its keys don't tell the instances of the function apart.
fn scope_on(of: MemorySiteOf<'_>, outlives_process: bool) -> Result<Scope, Cause> {
    let mut scope = of.scope();
    if !outlives_process {
        return Ok(scope);
    }
    if of.site.name.is_none() {
        return Err(Cause::Unnamed);
    }
    if let Some(types) = of.types {
        if !tells_apart(of.site.says, types) {
            return Err(Cause::TypeNotInKey(types.function()));
        }
        scope.instance = None;
    }
    Ok(scope)
}
