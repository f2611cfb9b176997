//! One request with a key: its claim, its handler, and its answer.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use resil_runtime::__private::problem_response;
use resil_runtime::Error;
use tower_service::Service;

use super::handler::{Cut, Unanswered, handle};
use super::key::{Asked, asked};
use super::payload::{Refused, fingerprint, read, whole};
use super::settings::Settings;
use super::stage::{Attended, Stage};
use crate::server::kept::Kept;
use crate::server::places::keep;
use crate::server::refusal::is_grpc;

const MISSING: Refused = (
    StatusCode::BAD_REQUEST,
    "key_missing",
    "This request needs the header Idempotency-Key, with a key that no other request has.",
);

const MALFORMED: Refused = (
    StatusCode::BAD_REQUEST,
    "malformed_key",
    "The header Idempotency-Key has to be one string of 1 to 255 visible ASCII characters.",
);

const NO_CALLER: Refused = (
    StatusCode::BAD_REQUEST,
    "caller_unknown",
    "An idempotency key belongs to its caller, and the caller of this request is not known.",
);

/// What becomes of a request.
pub(super) enum Route {
    /// It goes to the handler as it is.
    Past,
    /// It is refused.
    Refused(Refused),
    /// It has this key.
    Keyed(String),
}

/// Decides what becomes of a request, by its method and its header.
pub(super) fn route(request: &Request, settings: &Settings) -> Route {
    // A call of gRPC is a stream in both directions, and has no such key.
    if !settings.methods.contains(request.method()) || is_grpc(request.headers()) {
        return Route::Past;
    }
    match asked(request.headers(), settings.needs_quotes) {
        Asked::Key(key) => Route::Keyed(key),
        Asked::Malformed => Route::Refused(MALFORMED),
        Asked::Missing if settings.is_required => Route::Refused(MISSING),
        Asked::Missing => Route::Past,
    }
}

/// Returns the answer to a request that is refused.
pub(super) fn refused((status, code, detail): Refused, settings: &Settings) -> Response {
    settings.refusal(problem_response(status, code, detail, ""))
}

/// Answers a request with a key. `inner` is asked whether it is ready when the handler begins.
pub(super) async fn run<S>(
    settings: Kept<Settings>,
    inner: S,
    key: String,
    request: Request,
) -> Result<Response, S::Error>
where
    S: Service<Request> + Send + 'static,
    S::Response: IntoResponse,
    S::Error: Send + 'static,
    S::Future: Send + 'static,
{
    let (mut parts, body) = request.into_parts();
    let caller = match (settings.caller)(&parts) {
        Some(caller) if !caller.is_empty() => caller,
        _ => return Ok(refused(NO_CALLER, &settings)),
    };
    let (body, trailers) = match read(body, settings.max_request).await {
        Ok(read) => read,
        Err(why) => return Ok(refused(why, &settings)),
    };
    let print = fingerprint(&parts, &body, &settings);
    // Until the task ends, and its handler with it.
    let places = keep(&mut parts.extensions);
    let request = Request::from_parts(parts, whole(body, trailers));
    let stage = Stage::default();
    let call = answered(
        settings,
        inner,
        (caller, key),
        print,
        request,
        stage.clone(),
    );
    let call = async move {
        let answered = call.await;
        drop(places);
        answered
    };
    let mut attended = Attended {
        task: resil_runtime::spawn(call),
        stage,
    };
    match (&mut attended.task).await {
        Ok(answered) => answered,
        Err(ended) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
        // The runtime shuts down.
        Err(_) => Ok(Error::Cancelled.into_response()),
    }
}

/// Claims the key, runs the handler under the claim, and returns its answer or the recorded one.
async fn answered<S>(
    settings: Kept<Settings>,
    inner: S,
    (caller, key): (String, String),
    print: String,
    request: Request,
    stage: Stage,
) -> Result<Response, S::Error>
where
    S: Service<Request> + Send + 'static,
    S::Response: IntoResponse,
    S::Error: Send + 'static,
    S::Future: Send + 'static,
{
    let mut call = settings.keyed.keyed((&caller, &key)).fingerprint(&print);
    if let Some(store) = &settings.store {
        call = call.on(store);
    }
    let (mut begins, cut) = (Some((inner, request)), Cut::default());
    let out = call.run(|| {
        let begins = begins.take().filter(|_| stage.begins());
        let (cut, settings) = (&cut, &settings);
        async move {
            match begins {
                Some((inner, request)) => handle(inner, request, cut, settings).await,
                None => Err(Unanswered::Refused(Error::Cancelled)),
            }
        }
    });
    match cut.or(out).await {
        Err(response) => Ok(response),
        Ok(Ok(answer)) => Ok(answer.into_response(!stage.has_begun())),
        Ok(Err(Unanswered::Free(response))) => Ok(*response),
        Ok(Err(Unanswered::Refused(error))) => Ok(settings.refusal(error.into_response())),
        Ok(Err(Unanswered::Failed(error))) => Err(error),
    }
}
