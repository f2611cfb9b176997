//! The future of a call with a key.

use std::fmt::Display;
#[cfg(feature = "store")]
use std::sync::Arc;

use super::weigh::{ForgetsOk, StoresErrors};
#[cfg(feature = "catalog")]
use crate::call::caller::{as_caller, note_call};
use crate::call::conversions::{conversions, into_return};
use crate::call::map_output::map_output;
use crate::call::{CallState, Failure, Outcome, watch, watch_run};
#[cfg(feature = "shutdown")]
use crate::cancel::entered::in_flight;
#[cfg(feature = "store")]
use crate::error::idempotency::Cause;
use crate::error::{Error, Refusal};
#[cfg(feature = "store")]
use crate::idempotency::call_store::{CallStore, KeyedBegin, on_store};
#[cfg(feature = "store")]
use crate::idempotency::installed::{installed, installed_under};
use crate::idempotency::key::{PreparedFingerprint, PreparedKey};
#[cfg(feature = "store")]
use crate::idempotency::keyed_call::KeyedCall;
use crate::idempotency::running::weigh;
use crate::idempotency::site::IdempotentSite;
#[cfg(feature = "store")]
use crate::idempotency::store::StoreError;
use crate::idempotency::{IdempotentPolicy, Recordable};
#[cfg(all(feature = "observe", not(feature = "tracing")))]
use crate::observe::attempt::seen_attempt;
#[cfg(feature = "observe")]
use crate::observe::seen::observe;
#[cfg(feature = "hedge")]
use crate::stack::hedged::hedged;
use crate::stack::outline::{Plan, Shape};
use crate::stack::state::State;
use crate::stack::walked::walked;
#[cfg(feature = "tracing")]
use crate::{observe::traced::traced_attempt, spans::attempt::look_at};

/// What a call with a key runs under: a claim, and the layers inside it.
pub(super) trait Under {
    /// Returns the layers under the claim.
    fn shape(&self) -> &Shape;

    /// Returns the state of these layers.
    fn state(&self) -> &'static State;

    /// Returns the settings of the claim.
    fn policy(&self) -> &IdempotentPolicy;

    /// Returns the name; `None` if there is only a place in the source.
    fn name(&self) -> Option<&'static str>;
}

/// What one call says of its key, and where it is looked up.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) key: PreparedKey,
    pub(super) fingerprint: Option<PreparedFingerprint>,
    /// The store that the call is given.
    #[cfg(feature = "store")]
    pub(super) store: Option<Arc<dyn CallStore>>,
}

/// Claims the key, and runs `closure` under the layers inside the claim. `oks` and `errors` say which outcomes
/// are recorded.
pub(super) async fn run<S, O, R, F, Fut, T, E>(
    source: S,
    asked: Asked,
    (oks, errors): (O, R),
    mut closure: F,
) -> Result<T, E>
where
    S: Under,
    O: ForgetsOk<T>,
    R: StoresErrors<E>,
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    T: Recordable + Send + 'static,
    E: From<Error> + Display + Send + 'static,
{
    let (state, policy) = (source.state(), source.policy());
    #[cfg(feature = "shutdown")]
    let _in_flight = in_flight(state.site);
    #[cfg(feature = "catalog")]
    {
        note_call(state.site);
        let layers = source.shape().layers();
        state.last_run.note_claimed(policy, layers);
    }
    let call = CallState::new();
    #[cfg(feature = "observe")]
    let seen = observe(state.site, &call);
    let attempt = || {
        // The closure is a part of the attempt: what it does before its future is polled counts too.
        #[cfg(feature = "tracing")]
        let body = seen.inside(|| watch_run(&mut closure, &call));
        #[cfg(not(feature = "tracing"))]
        let body = watch_run(&mut closure, &call);
        let body = watch(body, &call);
        #[cfg(feature = "tracing")]
        let body = traced_attempt(&seen, body, look_at);
        #[cfg(all(feature = "observe", not(feature = "tracing")))]
        let body = seen_attempt(&seen, body);
        body
    };
    let plan = Plan {
        shape: source.shape(),
        state,
        call: &call,
        can_refuse: true,
        #[cfg(feature = "edge")]
        request: None,
    };
    let Asked {
        key,
        fingerprint,
        #[cfg(feature = "store")]
        store,
    } = asked;
    let inside = map_output(layers(plan, attempt), |out| {
        weigh(
            out,
            &call,
            |value| oks.forgets(value),
            |error| errors.stores(error),
        )
    });
    #[cfg(feature = "catalog")]
    let inside = as_caller(state.site, inside);
    let site = IdempotentSite::new(state.site, policy.name.or_else(|| source.name()));
    let site = site.of(None);
    #[cfg(feature = "store")]
    let out = match chosen(store, policy) {
        Ok(Some(store)) => {
            let begun = KeyedBegin {
                site,
                policy,
                key,
                fingerprint,
                codec: R::any_codec::<T>(),
                state: &call,
            };
            on_store(&store, begun, inside).await
        }
        Ok(None) => {
            let claim = site.begin(policy, key, fingerprint, R::codec::<T>(), &call);
            claim.run(inside).await
        }
        Err(error) => {
            let keyed = KeyedCall::new(&call, 0, policy.result_version());
            let refusal = keyed.refuse(site.name(), Cause::Store(error));
            Err(Failure::Policy(refusal))
        }
    };
    #[cfg(not(feature = "store"))]
    let out = {
        let claim = site.begin(policy, key, fingerprint, R::codec::<T>(), &call);
        claim.run(inside).await
    };
    #[cfg(feature = "observe")]
    seen.end(&out);
    into_return(out, conversions())
}

/// Runs `closure` under the layers of `plan`.
async fn layers<F, Fut, T, E>(plan: Plan<'_>, mut closure: F) -> Outcome<T, E, Refusal>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    E: Display + 'static,
{
    // A claim by itself: a walk through no layers would be made once the closure has to wait.
    if plan.shape.len == 0 {
        return closure().await.map_err(Failure::Body);
    }
    #[cfg(feature = "hedge")]
    if plan.shape.outline.hedge < plan.shape.len {
        return Box::pin(hedged(plan, closure)).await;
    }
    walked(plan, closure).await
}

/// Returns the store of a call: the one that it is given, the one that the policy names, or the one of the
/// process. `None`: the store in memory.
#[cfg(feature = "store")]
fn chosen(
    given: Option<Arc<dyn CallStore>>,
    policy: &IdempotentPolicy,
) -> Result<Option<Arc<dyn CallStore>>, StoreError> {
    match (given, policy.store) {
        (Some(store), _) => Ok(Some(store)),
        (None, Some(name)) => installed_under(name).map(Some),
        (None, None) => Ok(installed().map(Arc::clone)),
    }
}
