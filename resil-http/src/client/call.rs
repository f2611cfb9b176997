//! The course of a call: its end, its policies, its attempts, and how each of them is judged.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, ready};
use std::time::Duration;

use ::http::header::CONTENT_LENGTH;
use ::http::{HeaderValue, Method, Request};
use resil_runtime::clock::{self, Instant};
use resil_runtime::edge::Failed;
use resil_runtime::{Classify, Deadline, Error};
use url::Url;

use super::answer::ResponseBody;
use super::body::Payload;
use super::course::Course;
use super::credentials::move_credentials;
use super::end::End;
use super::error::ClientError;
use super::key::random_key;
use super::limits::Limits;
use super::mesh::{Mesh, RetriedBy, carry};
use super::order::Order;
use super::phases::within_limits;
use super::picks::Picks;
use super::place::Place;
use super::progress::Progress;
use super::response::{Answered, Response};
use super::settings::{Settings, Shared};
use super::timer::Timer;
use super::under_way::{Count, UnderWay};
use crate::balance::{Endpoint, Picked};
use crate::ended::ended;
use crate::names::IDEMPOTENCY_KEY;
use crate::outcome::{AfterRedirect, Kept, Outcome, Verdict};
use crate::shown::authority;
use crate::tls::lacks_tls;

type Answer = ::http::Response<reqwest::Body>;

/// What an attempt has ended with.
type Ended = Result<Box<Answered>, ClientError>;

/// Returns whether a request of this method usually has content.
fn takes_content(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

/// A call that is under way.
struct Call<'c> {
    settings: &'c Settings,
    head: &'c Request<()>,
    url: &'c Url,
    payload: Payload,
    limits: Limits,
    end: End,
    kept: Kept,
    picks: Picks<'c>,
    /// The number of requests that were begun.
    attempts: Count,
    /// The number of those that hold themselves to the end of the call at this moment.
    under_way: Count,
    /// Whether the call has waited for something since it began.
    has_waited: AtomicBool,
}

/// Sends a request to `url` under the policies of a client, and returns the answer.
#[expect(
    clippy::manual_async_fn,
    reason = "the future of an `async fn` moves its arguments in its first poll"
)]
pub(super) fn send(
    client: &Shared,
    url: Result<Url, ClientError>,
    order: &mut Order,
) -> impl Future<Output = Result<Response, ClientError>> {
    async move {
        let settings = client.settings();
        let mut url = url.map_err(|error| error.at(settings.name, || None))?;
        let _under_way = settings.under_way.begin();
        let answered = match move_credentials(&mut url, order.head.headers_mut(), &settings.http) {
            Ok(()) => answered(client, &url, order).await,
            Err(error) => Err(error),
        };
        match answered {
            Ok(answered) => Ok(answered.to(url)),
            Err(error) => {
                // The host of a client with endpoints is that of none of them.
                let authority = || settings.balancer.is_none().then(|| authority(&url));
                Err(error.at(settings.name, authority))
            }
        }
    }
}

#[expect(clippy::manual_async_fn, reason = "as `send`")]
fn answered(
    client: &Shared,
    url: &Url,
    order: &mut Order,
) -> impl Future<Output = Result<Box<Answered>, ClientError>> {
    async move {
        let settings = client.settings();
        let mut limits = settings.limits;
        limits.total = order.total.unwrap_or(limits.total);
        limits.attempt = order.attempt.unwrap_or(limits.attempt);
        let end = End::of(limits.total);
        let head = &mut order.head;
        if let Some(context) = client.context() {
            carry(context, head.headers_mut());
        }
        if settings.adds_keys && !head.method().is_idempotent() {
            let headers = head.headers_mut();
            headers.entry(&IDEMPOTENCY_KEY).or_insert_with(random_key);
        }
        if settings.asks_by_uri {
            *head.uri_mut() = url.as_str().parse().unwrap_or_default();
        }
        let kept = Outcome::<_, Answer>::keep(&settings.outcome, head);
        let payload = Payload::from(std::mem::take(&mut order.body));
        let is_harmless = kept.may_repeat();
        let retried_by = order.retried_by.unwrap_or(settings.retried_by);
        let by_mesh = settings.mesh != Mesh::None
            && retried_by == RetriedBy::Mesh
            && is_harmless
            && payload.can_be_shared();
        settings.mesh.say_who_retries(head.headers_mut(), by_mesh);
        let call = Call {
            settings,
            head,
            url,
            limits,
            end,
            kept,
            attempts: Count::default(),
            under_way: Count::default(),
            has_waited: AtomicBool::new(false),
            picks: Picks::new(settings.balancer.as_ref(), order.balance_key.as_deref()),
            payload,
        };
        if call.left(end.began()).is_none() {
            return Err(end.error(0));
        }
        let is_hedged = is_harmless && call.payload.can_be_shared();
        let policies = settings.policies.of_call(by_mesh, is_hedged);
        let may_repeat = || {
            call.was_cut();
            call.may_repeat()
        };
        let run = policies.run_asking(&may_repeat, || call.attempt());
        let mut run = pin!(Deadline::at(end.at()).scope(run));
        let mut timer = Timer::default();
        let run = poll_fn(|cx| {
            if let Poll::Ready(out) = run.as_mut().poll(cx) {
                return Poll::Ready(Some(out));
            }
            call.has_waited.store(true, Ordering::Relaxed);
            // An attempt ends by itself, as a failure. This ends the waits around the attempts.
            if call.under_way.get() > 0 {
                return Poll::Pending;
            }
            ready!(timer.poll(end.at(), cx));
            timer.give_way(&end, cx).map(|()| None)
        });
        match run.await {
            None => Err(end.error(call.attempts.get())),
            Some(Ok(answered)) => Ok(answered),
            Some(Err(failed)) => call.ended(failed),
        }
    }
}

impl Call<'_> {
    /// Returns the time that is left at `now` for the other side; `None` if there is none.
    fn left(&self, now: Instant) -> Option<Duration> {
        let margin = if self.settings.deadline_headers.is_empty() {
            Duration::ZERO
        } else {
            self.settings.deadline_margin
        };
        self.end.left(now, margin)
    }

    /// Returns whether the request may be sent again though it may have been executed.
    fn may_repeat(&self) -> bool {
        self.kept.may_repeat() && self.payload.is_whole()
    }

    /// Returns the time. A call that has not waited yet has just begun.
    fn now(&self) -> Instant {
        if self.has_waited.load(Ordering::Relaxed) {
            clock::now()
        } else {
            self.end.began()
        }
    }

    /// Notes that a timeout of the stack has cut an attempt; that of the caller says nothing of its endpoint.
    fn was_cut(&self) {
        if clock::now() < self.end.at() {
            self.picks.were_late();
        }
    }

    /// Sends the request once.
    async fn attempt(&self) -> Result<Box<Answered>, Failed> {
        let picked = self.picks.pick(self.limits.connect).await;
        let picked = picked.map_err(|error| self.failed(error, true, None))?;
        let now = self.now();
        let Some(left) = self.left(now) else {
            let error = self.end.error(self.attempts.get());
            return Err(self.failed(error, false, None));
        };
        let endpoint = picked.as_ref().map(Picked::endpoint);
        let number = self.attempts.add();
        let mut course = Course::new(
            now,
            self.payload.tells(),
            self.settings.limits.need_connector(),
        );
        let request = self.request(number, left, endpoint, course.progress());
        if lacks_tls(request.url()) {
            self.attempts.take();
            let error = ClientError::no_tls(request.url(), false);
            return Err(self.failed(error, true, endpoint));
        }
        let sent = self.settings.http.execute(request, endpoint, now);
        let sent = sent.map_err(|error| {
            // No client, no request.
            self.attempts.take();
            self.failed(ClientError::unsent(error), true, endpoint)
        })?;
        let sent = pin!(sent);
        let mut timer = Timer::default();
        let limits = (&mut course, &self.limits);
        let under_way = UnderWay::begin(&self.under_way);
        let held = self.picks.hold(picked);
        let sent = within_limits(sent, limits, (&self.end, number), &mut timer).await;
        drop(under_way);
        let picked = held.into_picked();
        let (error, is_unsent) = match sent {
            Ok(Ok(answer)) => return self.answered(answer, &course, number, (picked, timer)),
            Ok(Err(error)) => {
                let error = self.of_reqwest(error, &course);
                let is_unsent = error.is_unsent();
                (error, is_unsent)
            }
            Err(limit) => (limit, false),
        };
        let class = error.classify();
        let failed = self.failed(error, is_unsent, picked.as_ref().map(Picked::endpoint));
        if let Some(picked) = picked {
            picked.end(&Verdict::Failure {
                class,
                may_repeat: is_unsent,
            });
        }
        Err(failed)
    }

    /// Makes the request of one attempt.
    fn request(
        &self,
        number: u32,
        left: Duration,
        endpoint: Option<&Endpoint>,
        progress: Option<&Arc<Progress>>,
    ) -> reqwest::Request {
        let mut url = self.url.clone();
        if let Some(endpoint) = endpoint {
            endpoint.rewrite_by_name(&mut url);
        }
        let mut request = reqwest::Request::new(self.head.method().clone(), url);
        *request.version_mut() = self.head.version();
        let headers = request.headers_mut();
        *headers = self.head.headers().clone();
        self.settings.mesh.mark(headers, number);
        for header in &self.settings.deadline_headers {
            let (name, value) = header.with(left);
            headers.insert(name, value);
        }
        let body = self.payload.of_attempt(progress);
        if body.is_none() && takes_content(self.head.method()) {
            // RFC 9110, section 8.6; hyper leaves it out, and some servers answer 411 then.
            headers
                .entry(CONTENT_LENGTH)
                .or_insert(HeaderValue::from_static("0"));
        }
        *request.body_mut() = body;
        request
    }

    /// Judges an answer.
    fn answered(
        &self,
        answer: reqwest::Response,
        course: &Course,
        number: u32,
        (mut picked, timer): (Option<Picked>, Timer),
    ) -> Result<Box<Answered>, Failed> {
        // By a redirect, or to the endpoint.
        let moved = (answer.url() != self.url).then(|| answer.url().clone());
        let remote = answer.remote_addr();
        let mut answer = Answer::from(answer);
        if course.is_redirected() {
            // For the rule here, and for that of a layer around the client.
            answer.extensions_mut().insert(AfterRedirect);
        }
        let rule = &self.settings.outcome;
        let verdict = Outcome::<Request<()>, Answer>::of_response(rule, &self.kept, &answer);
        if let Some(picked) = &mut picked {
            picked.answered(&verdict);
        }
        let (head, body) = answer.into_parts();
        let status = head.status;
        let body = ResponseBody::new(
            self.settings.name,
            body,
            self.limits.read,
            self.end,
            number,
            (picked, timer),
        );
        let answered = Box::new(Answered {
            head,
            moved,
            remote,
            body,
        });
        match verdict {
            Verdict::Success => Ok(answered),
            Verdict::Failure { class, may_repeat } => {
                let may_repeat = may_repeat && self.payload.is_whole();
                let ended: Ended = Ok(answered);
                Err(Failed::new(ended, class, may_repeat, status.to_string()))
            }
        }
    }

    /// Judges an error that came in the place of an answer.
    fn failed(&self, error: ClientError, is_unsent: bool, endpoint: Option<&Endpoint>) -> Failed {
        let error = error.at(self.settings.name, || match endpoint {
            Some(endpoint) => Some(endpoint.authority().to_owned()),
            None => self
                .settings
                .balancer
                .is_none()
                .then(|| authority(self.url)),
        });
        let may_repeat = self.may_repeat() || is_unsent && self.payload.is_whole();
        let (class, text) = (error.classify(), error.to_string());
        let ended: Ended = Err(error);
        Failed::new(ended, class, may_repeat, text)
    }

    /// Tells apart what reqwest has failed with.
    fn of_reqwest(&self, error: reqwest::Error, course: &Course) -> ClientError {
        if course.is_redirected() {
            // A request has been sent, whatever has become of the next one.
            return match course.lacks_tls() {
                Some(url) if error.is_connect() => ClientError::no_tls(url, true),
                _ => ClientError::transport(error),
            };
        }
        if error.is_builder() {
            return ClientError::unsent(error);
        }
        if !error.is_connect() {
            return ClientError::transport(error);
        }
        if error.is_timeout() {
            let (limit, at) = (self.settings.limits.connect, Place::default());
            return ClientError::Connect { limit, at };
        }
        ClientError::no_connection(error)
    }

    /// Returns what the last attempt has ended with, or the refusal of a policy.
    fn ended(&self, failed: Failed) -> Result<Box<Answered>, ClientError> {
        match ended::<Ended>(failed) {
            Ok(ended) => ended,
            Err(refusal) => {
                if let Error::Timeout { .. } = refusal {
                    self.was_cut();
                }
                Err(ClientError::Refused(refusal))
            }
        }
    }
}
