//! The liveness probe.

use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::CACHE_CONTROL;

/// Answers the liveness probe with 200: the process runs, and its executor has polled this.
///
/// It says nothing of what the process depends on, and stays true during a shutdown: an orchestrator that finds
/// a process dead kills it, and with it what is in flight. To ask for more requests or for fewer there is
/// readiness (`readiness`, feature `shutdown`).
///
/// ```
/// use axum::Router;
/// use axum::routing::get;
///
/// let app: Router = Router::new().route("/live", get(resil_http::server::liveness));
/// # let _ = app;
/// ```
pub async fn liveness() -> Response {
    let mut response = "alive\n".into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
