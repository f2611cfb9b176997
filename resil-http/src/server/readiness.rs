//! The readiness probe, and the time between its turning and the listener's closing.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::extract::Request;
use axum::handler::Handler;
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderValue, StatusCode};
use resil_runtime::__private::problem_response;
use resil_runtime::cancel::Shutdown;
use resil_runtime::clock;

type Answer = Pin<Box<dyn Future<Output = bool> + Send>>;
type Check = dyn Fn() -> Answer + Send + Sync;

/// The time that all checks have together, unless it is said: that of a probe of Kubernetes.
const LIMIT: Duration = Duration::from_secs(1);

/// Returns the handler of a readiness probe, which says whether to send more requests to this process: 200 if it
/// is, and 503 once the [shutdown](resil_runtime::shutdown) of the process has begun, or while one of its
/// [checks](Readiness::check) fails.
///
/// ```
/// use axum::Router;
/// use axum::routing::get;
/// use resil_http::server::{liveness, readiness};
///
/// # async fn ping() -> Result<(), std::io::Error> { Ok(()) }
/// let ready = readiness().check("database", || async { ping().await.is_ok() });
/// let app: Router = Router::new()
///     .route("/ready", get(ready))
///     .route("/live", get(liveness));
/// # let _ = app;
/// ```
///
/// It must turn before the listener closes, so that nobody connects to a port that is closed:
/// [`shutdown_after`] waits for both.
pub fn readiness() -> Readiness {
    Readiness {
        shutdown: Shutdown::process(),
        checks: Vec::new(),
        limit: LIMIT,
    }
}

/// The handler of a readiness probe: [`readiness()`] creates it. It goes where a handler goes, `get(readiness())`.
#[derive(Clone)]
pub struct Readiness {
    shutdown: Shutdown,
    checks: Vec<(&'static str, Arc<Check>)>,
    limit: Duration,
}

impl Readiness {
    /// Adds a check, of which the answer names those that fail. All run at the same time, at each probe: they
    /// should be cheap. Let none ask for what all processes depend on alike, or all turn unready at once.
    #[must_use]
    pub fn check<F>(
        mut self,
        name: &'static str,
        check: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = bool> + Send + 'static,
    {
        self.checks
            .push((name, Arc::new(move || Box::pin(check()))));
        self
    }

    /// Sets the time that the checks have. One that has not answered then is dropped, and has failed. Default:
    /// 1 s, as a probe of Kubernetes waits.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Goes by the shutdown of a part of the process, in place of that of the process.
    #[must_use]
    pub fn of(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = shutdown;
        self
    }

    /// Answers a probe. Once the shutdown has begun no check is asked, and none is waited for.
    async fn answer(self) -> Response {
        let mut begun = pin!(self.shutdown.begun());
        let mut failed = pin!(self.failed());
        let checked = poll_fn(|cx| {
            if begun.as_mut().poll(cx).is_ready() {
                return Poll::Ready(None);
            }
            failed.as_mut().poll(cx).map(Some)
        });
        let Some(failed) = checked.await else {
            let detail = "The process is shutting down.";
            return unready("shutting_down", detail, &[]);
        };
        if failed.is_empty() {
            return no_store("ready\n".into_response());
        }
        unready("not_ready", "A check has failed.", &failed)
    }

    /// Runs all checks, and returns the names of those that have failed.
    async fn failed(&self) -> Vec<&'static str> {
        let mut running: Vec<_> = self
            .checks
            .iter()
            .map(|(name, check)| (*name, check()))
            .collect();
        let mut failed = Vec::new();
        let all = poll_fn(|cx| {
            running.retain_mut(|(name, check)| match check.as_mut().poll(cx) {
                Poll::Pending => true,
                Poll::Ready(is_well) => {
                    failed.extend((!is_well).then_some(*name));
                    false
                }
            });
            if running.is_empty() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        });
        let until = clock::add(clock::now(), self.limit);
        clock::within(until, all).await;
        failed.extend(running.iter().map(|(name, _)| *name));
        failed
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.checks.iter().map(|(name, _)| name).collect();
        f.debug_struct("Readiness")
            .field("checks", &names)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

impl<S: Send + 'static> Handler<Readiness, S> for Readiness {
    type Future = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn call(self, _: Request, _: S) -> Self::Future {
        Box::pin(self.answer())
    }
}

/// Returns the answer that asks for no more requests, and names the checks that have `failed`.
fn unready(code: &str, detail: &str, failed: &[&str]) -> Response {
    // The names are the user's: they are escaped.
    let failed = match serde_json::to_string(failed) {
        Ok(names) if !failed.is_empty() => format!(",\"failed\":{names}"),
        _ => String::new(),
    };
    let status = StatusCode::SERVICE_UNAVAILABLE;
    no_store(problem_response(status, code, detail, &failed))
}

fn no_store(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Waits until the shutdown of the process has begun, and then `until_seen` longer: the time in which load balancers
/// see that [`readiness()`] has turned, and send no more. It is for `with_graceful_shutdown` of a server, which then
/// closes its listener.
///
/// Twice the period of the probe is enough. Requests that come meanwhile are answered.
///
/// ```no_run
/// use std::time::Duration;
///
/// # async fn run(listener: tokio::net::TcpListener, app: axum::Router) -> std::io::Result<()> {
/// resil_runtime::shutdown_on_signal();
/// axum::serve(listener, app)
///     .with_graceful_shutdown(resil_http::server::shutdown_after(Duration::from_secs(10)))
///     .await?;
/// let left = resil_runtime::drain(Duration::from_secs(15)).await;
/// # let _ = left;
/// # Ok(())
/// # }
/// ```
///
/// # Cancellation
///
/// Cancel safe: dropping it changes nothing.
///
/// # Panics
///
/// Panics outside a tokio runtime with the time driver, once the shutdown has begun.
pub async fn shutdown_after(until_seen: Duration) {
    Shutdown::process().begun().await;
    clock::sleep_until(clock::add(clock::now(), until_seen)).await;
}
