//! One request under policies.

use std::borrow::Cow;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use resil_runtime::Class;
use resil_runtime::edge::{Failed, MayCopy, Policies, Repeatable};
use tower_service::Service;

use super::request::{CloneRequest, Copies, Spent};
use super::reserved::{Attempt, Reserved};
use super::whole::Whole;
use crate::BoxError;
use crate::ended::ended;
use crate::outcome::{Outcome, Verdict, judge};

/// What all requests of a layer share.
///
/// Each of them writes to the count of references before it. In lines of memory of its own it stays where cores have
/// read it.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Rules<O, R> {
    policies: Policies,
    /// The same ones for a request that may not be under way twice.
    unhedged: Policies,
    has_hedge: bool,
    /// Whether a policy sends a request several times.
    repeats: bool,
    outcome: O,
    requests: R,
}

impl<O, R> Rules<O, R> {
    pub(super) fn new(policies: Policies, outcome: O, requests: R) -> Self {
        let has = |name| policies.layers().iter().any(|layer| layer.name() == name);
        let has_hedge = has("hedge");
        Self {
            has_hedge,
            repeats: has_hedge || has("retry"),
            unhedged: policies.without_hedge(),
            policies,
            outcome,
            requests,
        }
    }

    pub(super) fn to_parts(&self) -> (Policies, O, R)
    where
        O: Clone,
        R: Clone,
    {
        (
            self.policies.clone(),
            self.outcome.clone(),
            self.requests.clone(),
        )
    }
}

/// The body of the request can't be sent again. No policy asks for it, but for one that does not ask first.
#[derive(Debug, thiserror::Error)]
#[error("the request can't be sent again: more of its body was sent than is kept")]
struct Used;

/// Sends a request to `ready` under the policies.
pub(super) async fn run<S, O, R, Request>(
    ready: S,
    rules: Arc<Rules<O, R>>,
    request: Request,
) -> Result<S::Response, BoxError>
where
    S: Service<Request, Error: Into<BoxError>, Response: Send + 'static> + Clone,
    O: Outcome<Request, S::Response>,
    R: CloneRequest<Request>,
    Request: Send + 'static,
{
    let template = ready.clone();
    let reserved = Reserved::new(ready);
    let sending = send(&reserved, template, &rules, request);
    reserved.until_it_waits(sending).await
}

async fn send<S, O, R, Request>(
    reserved: &Reserved<S>,
    template: S,
    rules: &Rules<O, R>,
    request: Request,
) -> Result<S::Response, BoxError>
where
    S: Service<Request, Error: Into<BoxError>, Response: Send + 'static> + Clone,
    O: Outcome<Request, S::Response>,
    R: CloneRequest<Request>,
    Request: Send + 'static,
{
    let kept = rules.outcome.keep(&request);
    let may_repeat = rules.outcome.may_repeat(&kept);
    let (mut held, spent) = if rules.repeats {
        let spent = Spent::new();
        let copies = rules.requests.copies(request, spent.clone());
        (Held::Copies(copies), spent)
    } else {
        (Held::Alone(Some(request)), Spent::used_up())
    };
    let call = Call {
        outcome: &rules.outcome,
        kept: &kept,
        may_repeat,
        was_sent: AtomicBool::new(false),
        spent,
    };
    let call = &call;
    let policies = match held {
        Held::Copies(copies) if rules.has_hedge && may_repeat => {
            // A request without a hedge has no room for it.
            let hedged = hedged(reserved, template, &rules.policies, call, copies);
            return Box::pin(hedged).await;
        }
        _ if rules.has_hedge => &rules.unhedged,
        _ => &rules.policies,
    };
    let may_repeat = || call.may_be_sent_again();
    // It takes the template with it: a service need not be `Sync`.
    let run = policies.run_asking(&may_repeat, move || {
        let attempt = held.next();
        call.attempt(reserved.attempt(&template), attempt)
    });
    returned(run.await)
}

/// Sends a request that may be sent twice under policies with a hedge. Each copy reads the body first, as far as the
/// one before it has not: inside the policies, which bound that too.
async fn hedged<S, O, C, Request>(
    reserved: &Reserved<S>,
    template: S,
    policies: &Policies,
    call: &Call<'_, O, O::Kept>,
    copies: C,
) -> Result<S::Response, BoxError>
where
    S: Service<Request, Error: Into<BoxError>, Response: Send + 'static> + Clone,
    O: Outcome<Request, S::Response>,
    C: Copies<Request>,
{
    let whole = &Whole::new(copies);
    let request = Hedged { call, whole };
    let run = policies.run_asking(&request, move || {
        let mut service = reserved.attempt(&template);
        async move {
            let next = poll_fn(|cx| {
                let polled = whole.poll_next(cx);
                if polled.is_pending() {
                    service.give_back();
                }
                polled
            });
            let next = next.await;
            call.attempt(service, next).await
        }
    });
    returned(run.await)
}

/// Returns the answer or the error, or the refusal of a policy.
fn returned<Response: Send + 'static>(
    out: Result<Result<Response, BoxError>, Failed>,
) -> Result<Response, BoxError> {
    match out {
        Ok(out) => out,
        Err(failed) => ended(failed).unwrap_or_else(|refusal| Err(refusal.into())),
    }
}

/// A request under a hedge, as the policies ask about it.
struct Hedged<'a, O, Kept, C> {
    call: &'a Call<'a, O, Kept>,
    whole: &'a Whole<C>,
}

impl<O: Sync, Kept: Sync, C: Send> Repeatable for Hedged<'_, O, Kept, C> {
    fn may_repeat(&self) -> bool {
        self.call.may_be_sent_again()
    }

    fn may_copy(&self) -> MayCopy {
        self.whole.may_copy()
    }
}

/// A request, or what its copies are made of.
enum Held<C, Request> {
    Copies(C),
    Alone(Option<Request>),
}

impl<C: Copies<Request>, Request> Held<C, Request> {
    fn next(&mut self) -> Option<Request> {
        match self {
            Self::Copies(copies) => copies.next(),
            Self::Alone(request) => request.take(),
        }
    }
}

/// What the attempts of one request share.
struct Call<'a, O, Kept> {
    outcome: &'a O,
    kept: &'a Kept,
    may_repeat: bool,
    /// Whether an attempt of it may have reached the other side.
    was_sent: AtomicBool,
    spent: Spent,
}

impl<O, Kept> Call<'_, O, Kept> {
    /// Returns whether the request may be sent again after an attempt that was cut.
    fn may_be_sent_again(&self) -> bool {
        (self.may_repeat || !self.was_sent.load(Ordering::Relaxed)) && self.spent.hold()
    }

    /// Sends the request once.
    async fn attempt<S, Request>(
        &self,
        mut service: Attempt<S>,
        request: Option<Request>,
    ) -> Result<Result<S::Response, BoxError>, Failed>
    where
        S: Service<Request, Error: Into<BoxError>, Response: Send + 'static>,
        O: Outcome<Request, S::Response, Kept = Kept>,
    {
        let Some(request) = request else {
            let error: Result<S::Response, BoxError> = Err(Used.into());
            return Err(Failed::new(
                error,
                Class::Permanent,
                false,
                Used.to_string(),
            ));
        };
        if let Err(error) = service.ready().await {
            let error = error.into();
            let verdict = self.outcome.of_error(self.kept, &error);
            return self.judged(unsent(verdict), Err(error));
        }
        self.was_sent.store(true, Ordering::Relaxed);
        let out = service.call(request).await.map_err(Into::into);
        let verdict = judge(self.outcome, self.kept, &out);
        if matches!(
            verdict,
            Verdict::Failure {
                may_repeat: true,
                ..
            }
        ) {
            // It did no harm: what a timeout cuts before the next attempt is under way may be sent again.
            self.was_sent.store(false, Ordering::Relaxed);
        }
        self.judged(verdict, out)
    }

    /// Returns an outcome as the policies see it.
    fn judged<Response: Send + 'static>(
        &self,
        verdict: Verdict,
        out: Result<Response, BoxError>,
    ) -> Result<Result<Response, BoxError>, Failed> {
        let Verdict::Failure { class, may_repeat } = verdict else {
            return Ok(out);
        };
        let is_worth_another = !matches!(class, Class::Permanent | Class::Neutral);
        let may_repeat = may_repeat && is_worth_another && self.spent.hold();
        let text = match &out {
            Ok(_) => Cow::Borrowed("the answer is a failure"),
            Err(error) => Cow::Owned(error.to_string()),
        };
        Err(Failed::new(out, class, may_repeat, text))
    }
}

/// Returns the verdict on a request that was not sent.
fn unsent(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Success => Verdict::Success,
        Verdict::Failure { class, .. } => Verdict::Failure {
            class,
            may_repeat: true,
        },
    }
}
