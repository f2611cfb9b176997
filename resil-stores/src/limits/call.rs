//! One call of a function whose rate limit is counted in a store: the entry for generated code.

use std::fmt::{self, Display};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use resil_runtime::__private::stored_limits::{
    CallState, LocalLimit, RateLimitSite, Refusal, Types, tell_away,
};
use resil_runtime::Deadline;
use resil_runtime::rate_limit::store::{LimitKey, StoreError, TakeAnswer, TakeRequest};
use resil_runtime::rate_limit::{OnOutage, RateLimitPolicy};

use super::install::RateLimitStoreChoice;
use super::outage::Look;
use super::question::Question;
use super::shared::SharedLimits;
use super::turn::StoredTurn;

/// The shortest `retry_after` of a refusal while the store is away.
const SHORTEST: Duration = Duration::from_millis(1);

/// The limit of one call, whose attempts all share it.
#[doc(hidden)]
pub struct StoredRateLimit {
    local: LocalLimit,
    store: Result<(SharedLimits, LimitKey), StoreError>,
}

/// The future of [`StoredRateLimit::admit`].
type Admission<'a> = Pin<Box<dyn Future<Output = Result<(), Refusal>> + Send + 'a>>;

/// Why there is no answer of the store. The store is asked again after this time.
struct Away(Duration);

impl StoredRateLimit {
    /// Finds the limit of a call. `policy` holds the settings of the function, if it gives some; `types`
    /// tells its instances apart, if it has no name.
    #[inline(never)]
    pub fn new(
        site: &'static RateLimitSite,
        policy: Option<&'static RateLimitPolicy>,
        store: RateLimitStoreChoice,
        types: Option<Types>,
        key: Option<&dyn Display>,
    ) -> Self {
        let local = site.local(policy, key);
        let store = store.0.map(|shared| {
            let key = shared.key(&site.scope(types), local.key());
            (shared, key)
        });
        Self { local, store }
    }

    /// Lets a call of `cost` in: now, at its turn, or never.
    #[inline(never)]
    pub fn admit<'a>(&'a self, cost: u32, call: Option<&'a CallState>) -> Admission<'a> {
        Box::pin(self.enter(cost, call))
    }

    async fn enter(&self, cost: u32, call: Option<&CallState>) -> Result<(), Refusal> {
        let Some(settings) = self.local.settings().filter(|_| cost > 0) else {
            return Ok(());
        };
        let patience = self.local.patience(&settings);
        let Some(request) = TakeRequest::new(&settings, cost, patience) else {
            return Err(self.local.refuse(None, call));
        };
        let answer = match &self.store {
            Ok((shared, key)) => ask(self.local.name(), (shared, key), &request).await,
            Err(error) => {
                tell_away(error.store(), error);
                Err(Away(SHORTEST))
            }
        };
        match answer {
            Ok(None) => Ok(()),
            Ok(Some(Later::TooEarly(wait))) => Err(self.local.refuse(Some(wait), call)),
            Ok(Some(Later::Turn(turn, wait))) => {
                if turn.comes_too_late() {
                    return Err(self.local.refuse(Some(wait), call));
                }
                let came = turn.comes().await;
                came.map_err(|reason| self.local.cancelled(reason, call))
            }
            Err(Away(again)) => self.without(settings.on_outage, cost, again, call).await,
        }
    }

    /// Decides about a call without the store, which is asked again after `again`.
    async fn without(
        &self,
        on_outage: OnOutage,
        cost: u32,
        again: Duration,
        call: Option<&CallState>,
    ) -> Result<(), Refusal> {
        if let Ok((shared, _)) = &self.store {
            shared.decided_without();
        }
        match on_outage {
            OnOutage::Open => Ok(()),
            OnOutage::Closed => Err(self.local.refuse(Some(again.max(SHORTEST)), call)),
            _ => {
                let Some(turn) = self.local.admit(cost, call)? else {
                    return Ok(());
                };
                turn.await.refusal(call).map_or(Ok(()), Err)
            }
        }
    }
}

/// The answer to a call that is not let in now.
enum Later {
    Turn(StoredTurn, Duration),
    TooEarly(Duration),
}

/// Asks the store, if it is not away. Returns `None` if the call is let in now.
async fn ask(
    name: &'static str,
    (shared, key): (&SharedLimits, &LimitKey),
    request: &TakeRequest,
) -> Result<Option<Later>, Away> {
    let up = match shared.look() {
        Look::Up(turn) => turn,
        Look::Away { again, .. } => return Err(Away(again)),
    };
    let question = Question::new(shared, (*key, *request), up);
    let deadline = Deadline::current().map(Deadline::instant);
    match question.answer(deadline).await {
        Some(Ok(TakeAnswer::Now { .. })) => return Ok(None),
        Some(Ok(TakeAnswer::TooEarly { wait, .. })) => return Ok(Some(Later::TooEarly(wait))),
        Some(Ok(TakeAnswer::Turn { wait, state })) => {
            let turn = StoredTurn::new(name, (shared, *key), (state, request.price()), wait);
            return Ok(Some(Later::Turn(turn, wait)));
        }
        // The caller's time is up: the store may be well, and only slower than that. The question goes on to know it.
        None => return Err(Away(SHORTEST)),
        Some(Err(_)) => {}
    }
    match shared.look() {
        Look::Away { again, .. } => Err(Away(again)),
        Look::Up(_) => Err(Away(SHORTEST)),
    }
}

impl fmt::Debug for StoredRateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredRateLimit")
            .field("local", &self.local)
            .finish_non_exhaustive()
    }
}
