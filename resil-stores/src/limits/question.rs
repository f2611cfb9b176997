//! A question to a store that is up, which goes on where its caller gives up.
//!
//! A caller whose deadline comes before the answer learns nothing of the store. If the store has gone away and all
//! callers are like that, somebody has to wait as long as it takes to know it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Weak};

use resil_runtime::clock::{self, Instant};
use resil_runtime::rate_limit::store::{
    LimitKey, StoreError, StoreResult, TakeAnswer, TakeRequest,
};
use tokio::runtime::Handle;

use super::shared::{Live, SharedLimits};

/// A question. Dropped before it has an answer, it goes on in a task until then, or until its time is over. One of a
/// store does so at a time, and none if the store has answered others since.
pub(super) struct Question<'a> {
    shared: &'a SharedLimits,
    /// In which of its times the store was found up.
    up: u64,
    /// The number of answers that had come before.
    answers: u64,
    until: Instant,
    /// `None` once it is known how it ends.
    asked: Option<Asked>,
}

type Asked = Pin<Box<dyn Future<Output = StoreResult<TakeAnswer>> + Send>>;

impl<'a> Question<'a> {
    pub(super) fn new(
        shared: &'a SharedLimits,
        (key, request): (LimitKey, TakeRequest),
        up: u64,
    ) -> Self {
        let asks = shared.clone();
        let asked = async move { asks.store().take(&key, &request).await };
        Self {
            shared,
            up,
            answers: shared.live.outage.answers(),
            until: clock::add(clock::now(), shared.answer_time()),
            asked: Some(Box::pin(asked)),
        }
    }

    /// Waits for the answer. Returns `None` if `deadline` comes first, and before the time for an answer is over.
    pub(super) async fn answer(
        mut self,
        deadline: Option<Instant>,
    ) -> Option<StoreResult<TakeAnswer>> {
        let asked = self.asked.as_mut()?;
        let sooner = deadline.filter(|deadline| *deadline < self.until);
        let answer = clock::within(sooner.unwrap_or(self.until), asked).await;
        if answer.is_none() && sooner.is_some() {
            return None;
        }
        self.asked = None;
        Some(self.shared.heard(self.up, answer))
    }
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        let Some(asked) = self.asked.take() else {
            return;
        };
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let live = &self.shared.live;
        if !live.outage.doubt(self.answers) {
            return;
        }
        let doubt = Doubt(Arc::downgrade(live));
        let (shared, up, until) = (self.shared.clone(), self.up, self.until);
        runtime.spawn(async move {
            let answer = clock::within(until, asked).await;
            let _ = shared.heard(up, answer);
            drop(doubt);
        });
    }
}

impl SharedLimits {
    /// Notes what the store has answered; `None` if it has not in its time.
    fn heard(&self, up: u64, answer: Option<StoreResult<TakeAnswer>>) -> StoreResult<TakeAnswer> {
        let answer = answer.unwrap_or_else(|| {
            let limit = self.answer_time();
            let store = self.store().describe().to_owned();
            Err(StoreError::unavailable(
                store,
                format!("no answer within {limit:?}"),
            ))
        });
        match &answer {
            Ok(_) => self.live.outage.answered(),
            Err(error) => self.failed(up, error),
        }
        answer
    }
}

/// A question goes on whose caller is gone. Dropped when that is over, also if the task goes down with its runtime.
struct Doubt(Weak<Live>);

impl Drop for Doubt {
    fn drop(&mut self) {
        if let Some(live) = self.0.upgrade() {
            live.outage.doubt_is_over();
        }
    }
}
