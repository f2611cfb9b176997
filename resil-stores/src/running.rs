//! Runs a call of an idempotent function where the feature `store` is on: in memory, or on a store.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use resil_runtime::__private::stores::{
    AnyOutcome, AnyValue, Cause, ClaimFuture as InMemory, Failure, Inside, KeyedCall, Outcome,
    Progress, Refusal, Site, StoredCodec, StoredRun,
};
use resil_runtime::idempotency::store::{StoreError, StoreErrorKind};

use crate::begin::ClaimOutcome;
use crate::held_claim::HeldClaim;

/// The future of a claim on a store.
pub(crate) type Claiming = Pin<Box<dyn Future<Output = ClaimOutcome> + Send>>;

/// The result of a claim: the held claim, or the answer of a call that has nothing to run.
type Claimed<'a, T, E> = Result<HeldClaim<'a, T, E>, Outcome<T, E, Refusal>>;

/// A call that has not claimed its key yet: [`run`](Self::run) it.
#[must_use = "it does nothing until it is run"]
pub struct ClaimFuture<'a, T, E>(State<'a, T, E>);

enum State<'a, T, E> {
    InMemory(Progress<'a, T, E>),
    Claiming(Box<OnStore<'a, T, E>>),
    Held(Box<HeldClaim<'a, T, E>>),
    Over,
}

/// A call that claims its key on a store.
struct OnStore<'a, T, E> {
    name: &'static str,
    claim: Claiming,
    codec: StoredCodec<T, E>,
    call: KeyedCall<'a>,
}

pin_project! {
    /// Claims the key, runs `inside` under the claim, and records its outcome, on the store that
    /// the call is made on.
    #[must_use = "futures do nothing unless polled"]
    pub struct Running<'a, T, E, F> {
        // The first field, so that it is dropped before the claim: when the claim is abandoned, no
        // body may still be there.
        #[pin]
        inside: Option<F>,
        state: State<'a, T, E>,
    }
}

impl<T, E> std::fmt::Debug for ClaimFuture<'_, T, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClaimFuture").finish_non_exhaustive()
    }
}

impl<T, E, F> std::fmt::Debug for Running<'_, T, E, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}

impl<'a, T, E> ClaimFuture<'a, T, E> {
    pub(crate) fn in_memory(claim: InMemory<'a, T, E>) -> Self {
        Self(State::InMemory(claim.progress()))
    }

    /// Makes a call whose key belongs to `name`, with the future of its claim.
    pub(crate) fn on_store(
        name: &'static str,
        claim: Claiming,
        codec: StoredCodec<T, E>,
        call: KeyedCall<'a>,
    ) -> Self {
        Self(State::Claiming(Box::new(OnStore {
            name,
            claim,
            codec,
            call,
        })))
    }

    /// Claims the key, and runs `inside` if this call gets it. `inside` holds all attempts of the
    /// call, each watched with the call's state that was given to `begin`.
    pub fn run<F>(self, inside: F) -> Running<'a, T, E, F> {
        Running {
            inside: Some(inside),
            state: self.0,
        }
    }

    /// Claims the key in memory by blocking the thread, and runs `inside` if this call gets it. `site`
    /// is that of the function, which is not async.
    ///
    /// A call on a store is refused: stores are asked in async code.
    pub fn block(
        self,
        site: &'static Site,
        inside: impl FnOnce() -> Outcome<T, E, Refusal>,
    ) -> Outcome<T, E, Refusal> {
        match self.0 {
            State::InMemory(progress) => progress.block(site, inside),
            State::Claiming(claiming) => Err(Failure::Policy(claiming.refuse_to_block())),
            State::Held(_) | State::Over => unreachable!("nobody polls it before"),
        }
    }
}

impl<T, E, F> Future for Running<'_, T, E, F>
where
    F: Future<Output = Outcome<T, E, Refusal>>,
{
    type Output = Outcome<T, E, Refusal>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.state.poll(this.inside, cx)
    }
}

impl<T, E> State<'_, T, E> {
    /// Polls the claim, and then `inside` under it. When this is ready, `inside` has been dropped.
    fn poll<F>(
        &mut self,
        mut inside: Pin<&mut Option<F>>,
        cx: &mut Context<'_>,
    ) -> Poll<Outcome<T, E, Refusal>>
    where
        F: Future<Output = Outcome<T, E, Refusal>>,
    {
        loop {
            let answer = match self {
                Self::InMemory(progress) => return progress.poll(inside, cx),
                Self::Held(claim) => return claim.poll(inside, cx),
                Self::Claiming(claiming) => match ready!(claiming.poll(cx)) {
                    Ok(claim) => {
                        *self = Self::Held(Box::new(claim));
                        continue;
                    }
                    Err(answer) => answer,
                },
                Self::Over => {
                    unreachable!("an idempotent call was polled again after it had answered")
                }
            };
            *self = Self::Over;
            inside.set(None);
            return Poll::Ready(answer);
        }
    }
}

/// A policy that is run as a value hands what is inside in with each poll.
impl StoredRun for ClaimFuture<'_, AnyValue, AnyValue> {
    fn poll(&mut self, inside: &mut dyn Inside, cx: &mut Context<'_>) -> Poll<AnyOutcome> {
        let mut lent = Some(Lent { inside, ends: true });
        let polled = self.0.poll(Pin::new(&mut lent), cx);
        if let Some(lent) = &mut lent {
            lent.ends = false;
        }
        polled
    }
}

/// What is inside, for one poll. Dropped within the poll it is cut: the call has ended.
struct Lent<'i> {
    inside: &'i mut dyn Inside,
    ends: bool,
}

impl Future for Lent<'_> {
    type Output = AnyOutcome;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<AnyOutcome> {
        self.inside.poll(cx)
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if self.ends {
            self.inside.cut();
        }
    }
}

impl<'a, T, E> OnStore<'a, T, E> {
    #[cold]
    fn refuse_to_block(&self) -> Refusal {
        let words = "a store outside of the process is asked in async code, and this function is not \
                     async: write `async fn`";
        let error = StoreError::new("the installed store", StoreErrorKind::Misconfigured, words);
        self.call.refuse(self.name, Cause::Store(error))
    }

    /// Polls the claim. The `Err` is the answer of a call that has nothing to run.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Claimed<'a, T, E>> {
        let Self {
            name, codec, call, ..
        } = *self;
        call.asks();
        let replay = match ready!(self.claim.as_mut().poll(cx)) {
            ClaimOutcome::Run(lease) => {
                return Poll::Ready(Ok(HeldClaim::new(Some(lease), call, codec)));
            }
            ClaimOutcome::RunOpen => return Poll::Ready(Ok(HeldClaim::new(None, call, codec))),
            ClaimOutcome::Done(recorded, by) => {
                let ok = |bytes: &[u8]| ((codec.ok)().decode)(bytes, &*by);
                let err = codec.err.map(|fns| {
                    let by = &*by;
                    move |bytes: &[u8]| (fns().decode)(bytes, by)
                });
                call.replay(name, by.id(), &recorded, ok, err)
            }
            ClaimOutcome::Refuse(cause) => Err(cause),
            ClaimOutcome::Stop(reason) => {
                return Poll::Ready(Err(Err(Failure::Policy(call.stop(name, reason)))));
            }
        };
        Poll::Ready(Err(match replay {
            Ok(value) => value.map_err(Failure::Body),
            Err(cause) => Err(Failure::Policy(call.refuse(name, cause))),
        }))
    }
}
