//! The static state of one `#[idempotent]`, which gives its calls the scope of their keys.

use super::claiming::{Begun, ClaimFuture};
use super::codec::ResultCodec;
use super::instance::{Instances, KeySays};
use super::key::{PreparedFingerprint, PreparedKey, Scope};
use super::keyed_call::KeyedCall;
use super::memory::{MemoryStore, global};
use super::policy::IdempotentPolicy;
use crate::call::CallState;
use crate::call::Site;
use crate::call::Types;

/// The static state of one `#[idempotent]` in the source.
#[doc(hidden)]
#[derive(Debug)]
pub struct IdempotentSite {
    site: &'static Site,
    /// The attribute's `name`.
    pub name: Option<&'static str>,
    /// The types that the expression of the key names. Read only where the function has several
    /// instances.
    pub says: KeySays,
    instances: Instances,
}

/// An [`IdempotentSite`] with one instance of its function.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct SiteOf<'s> {
    /// The site.
    pub site: &'s IdempotentSite,
    /// The types of the instance; `None` if the function has one instance only.
    pub types: Option<Types>,
}

impl IdempotentSite {
    /// Makes a site whose keys belong to `name`, or else to the function.
    pub const fn new(site: &'static Site, name: Option<&'static str>) -> Self {
        Self {
            site,
            name,
            says: KeySays::NOTHING,
            instances: Instances::new(),
        }
    }

    /// Sets which types the expression of the key names. Read only where the function has several
    /// instances.
    pub const fn key_says(mut self, says: KeySays) -> Self {
        self.says = says;
        self
    }

    /// Returns the site with the instance that has these types.
    #[inline(always)]
    pub fn of(&self, types: Option<Types>) -> SiteOf<'_> {
        SiteOf { site: self, types }
    }
}

impl SiteOf<'_> {
    /// Returns the name that the keys belong to.
    pub fn name(&self) -> &'static str {
        self.site.name.unwrap_or_else(|| self.site.site.name())
    }

    /// Returns the scope of the keys in this process. The type of the result is not in it yet: the
    /// codec of a call adds it.
    pub fn scope(&self) -> Scope {
        let IdempotentSite {
            site,
            name,
            instances,
            ..
        } = self.site;
        Scope {
            // The address of the function's static, which no other function has.
            site: match name {
                Some(_) => 0,
                None => std::ptr::from_ref(*site).addr(),
            },
            instance: self.types.map(|types| instances.get(types, name.is_some())),
            ..Scope::named(self.name())
        }
    }

    /// Begins a call on the store in memory.
    ///
    /// `state` is the state of this call, and the bodies that run under the claim must be watched
    /// with it. The store is asked at once whether the key is done. Nothing is claimed or told
    /// before the first poll. A call that is dropped while it waits leaves
    /// the queue; if its turn had come, the next waiter is woken.
    pub fn begin<'a, T, E>(
        self,
        policy: &'a IdempotentPolicy,
        key: PreparedKey,
        fingerprint: Option<PreparedFingerprint>,
        codec: ResultCodec<T, E>,
        state: &'a CallState,
    ) -> ClaimFuture<'a, T, E> {
        self.begin_in(global(), policy, key, fingerprint, codec, state)
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "a call that keeps its key no longer than this holds no room for it"
    )]
    pub(super) fn begin_in<'a, T, E>(
        &self,
        store: &'static MemoryStore,
        policy: &'a IdempotentPolicy,
        key: PreparedKey,
        fingerprint: Option<PreparedFingerprint>,
        codec: ResultCodec<T, E>,
        state: &'a CallState,
    ) -> ClaimFuture<'a, T, E> {
        let scope = Scope {
            result: (codec.type_name)(),
            ..self.scope()
        };
        let begun = Begun::new(store, scope, &key, fingerprint);
        let call = KeyedCall::new(state, begun.shown, policy.version);
        ClaimFuture::new(store, policy, begun, codec.fns, call)
    }
}
