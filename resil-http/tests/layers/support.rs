//! Services that do what a test says.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use resil_http::BoxError;
use resil_runtime::retry::{Jitter, RetryPolicy, Strategy};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;
use tower_service::Service;

pub(crate) type Body = UnsyncBoxBody<Bytes, BoxError>;
pub(crate) type Answer = Response<&'static str>;

/// Three attempts, 10 ms apart.
pub(crate) const RETRY: RetryPolicy = RetryPolicy::new()
    .max(3)
    .strategy(Strategy::Constant)
    .base(ms(10))
    .jitter(Jitter::None)
    .no_budget();

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) fn request(method: Method) -> Request<Body> {
    with_body(method, Script::new([]))
}

pub(crate) fn with_body(method: Method, body: Script) -> Request<Body> {
    let mut request = Request::new(body.boxed_unsync());
    *request.method_mut() = method;
    request
}

pub(crate) fn answer(status: u16) -> Answer {
    let mut answer = Response::new("answer");
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer
}

/// One step of a body.
#[derive(Clone)]
pub(crate) enum Step {
    Data(&'static [u8]),
    Trailers(HeaderMap),
    Wait(Duration),
    Fail,
    Forever,
}

/// A body that comes step by step.
pub(crate) struct Script {
    steps: VecDeque<Step>,
    wait: Option<Pin<Box<tokio::time::Sleep>>>,
    declared: Option<u64>,
}

impl Script {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            steps: steps.into_iter().collect(),
            wait: None,
            declared: None,
        }
    }

    /// Declares its length, as `content-length` does.
    pub(crate) fn declared(mut self) -> Self {
        let len = |step: &Step| match step {
            Step::Data(data) => data.len() as u64,
            _ => 0,
        };
        self.declared = Some(self.steps.iter().map(len).sum());
        self
    }
}

impl http_body::Body for Script {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        loop {
            if let Some(wait) = &mut self.wait {
                ready!(wait.as_mut().poll(cx));
                self.wait = None;
            }
            return match self.steps.pop_front() {
                None => Poll::Ready(None),
                Some(Step::Data(data)) => {
                    if let Some(left) = &mut self.declared {
                        *left -= data.len() as u64;
                    }
                    Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(data)))))
                }
                Some(Step::Trailers(trailers)) => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
                Some(Step::Fail) => Poll::Ready(Some(Err("the body broke".into()))),
                Some(Step::Wait(time)) => {
                    self.wait = Some(Box::pin(sleep(time)));
                    continue;
                }
                Some(Step::Forever) => {
                    self.steps.push_front(Step::Forever);
                    Poll::Pending
                }
            };
        }
    }

    fn is_end_stream(&self) -> bool {
        self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.declared
            .map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}

/// What came of a request whose body was read to its end.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    pub(crate) data: Vec<u8>,
    pub(crate) trailers: Option<HeaderMap>,
}

/// Reads a body.
pub(crate) async fn read(body: Body) -> Result<Seen, BoxError> {
    let collected = body.collect().await?;
    let trailers = collected.trailers().cloned();
    let data = collected.to_bytes().to_vec();
    Ok(Seen { data, trailers })
}

/// Reads at most so many frames of a body.
pub(crate) async fn read_frames(body: &mut Body, most: usize) -> Vec<u8> {
    let mut data = Vec::new();
    for _ in 0..most {
        if let Some(Ok(frame)) = body.frame().await
            && let Ok(bytes) = frame.into_data()
        {
            data.extend(bytes);
        }
    }
    assert!(!body.is_end_stream());
    data
}

/// In the place of a status: the connection was refused.
pub(crate) const REFUSED: u16 = 0;

/// A service with so many places, which `poll_ready` reserves.
pub(crate) struct Places {
    places: Arc<Semaphore>,
    acquiring: Option<Pin<Box<dyn Future<Output = OwnedSemaphorePermit> + Send>>>,
    reserved: Option<OwnedSemaphorePermit>,
    calls: Arc<AtomicUsize>,
    script: Arc<dyn Fn(usize) -> (Duration, u16) + Send + Sync>,
}

impl Places {
    /// Answers each call after that time, with that status. Calls are counted from 1.
    pub(crate) fn new(
        places: usize,
        script: impl Fn(usize) -> (Duration, u16) + Send + Sync + 'static,
    ) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            acquiring: None,
            reserved: None,
            calls: Arc::default(),
            script: Arc::new(script),
        }
    }

    /// Returns what shows the free places and the calls.
    pub(crate) fn watch(&self) -> (Arc<Semaphore>, Arc<AtomicUsize>) {
        (Arc::clone(&self.places), Arc::clone(&self.calls))
    }
}

impl Clone for Places {
    fn clone(&self) -> Self {
        Self {
            places: Arc::clone(&self.places),
            acquiring: None,
            reserved: None,
            calls: Arc::clone(&self.calls),
            script: Arc::clone(&self.script),
        }
    }
}

impl Service<Request<Body>> for Places {
    type Response = Answer;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        if self.reserved.is_none() {
            let places = &self.places;
            let acquiring = self.acquiring.get_or_insert_with(|| {
                let places = Arc::clone(places);
                Box::pin(async move { places.acquire_owned().await.unwrap() })
            });
            self.reserved = Some(ready!(acquiring.as_mut().poll(cx)));
            self.acquiring = None;
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        let place = self
            .reserved
            .take()
            .expect("a call on a service that is not ready");
        let n = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let (time, status) = (self.script)(n);
        Box::pin(async move {
            sleep(time).await;
            drop(place);
            if status == REFUSED {
                return Err(std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into());
            }
            Ok(answer(status))
        })
    }
}

/// What the calls of a test have seen, in their order.
#[derive(Clone)]
pub(crate) struct Log<T>(Arc<Mutex<Vec<T>>>);

impl<T> Default for Log<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Clone> Log<T> {
    /// Adds an entry, and returns how many there are.
    pub(crate) fn add(&self, entry: T) -> usize {
        let mut log = self.0.lock().unwrap();
        log.push(entry);
        log.len()
    }

    pub(crate) fn all(&self) -> Vec<T> {
        self.0.lock().unwrap().clone()
    }
}
