//! The part of the API that reads.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use resil_runtime::stats;

use crate::answer::{JSON, fault, unknown_function};
use crate::frame::{Opening, object};
use crate::hub::{self, PAGES, Refused};
use crate::mounted::Mounted;
use crate::rows::json;
use crate::{functions, rows, sampler, view};

fn opening(panel: &Mounted) -> Opening<'_> {
    Opening {
        title: &panel.title,
        version: env!("CARGO_PKG_VERSION"),
        can_be_changed: panel.token.is_some(),
    }
}

/// Answers with the state of everything at this moment.
pub(crate) async fn state(State(panel): State<Arc<Mounted>>) -> Response {
    let mut members = opening(&panel).members();
    for part in ["\"pages\":", &hub::pages().to_string(), ","] {
        members.push_str(part);
    }
    members.push_str(&rows::all(&[
        functions::rows(&stats().functions, &functions::surroundings()),
        view::circuits(),
        view::bulkheads(),
        view::rate_limits(),
        hub::stores(),
        view::conflicts(),
    ]));
    (
        [(CONTENT_TYPE, JSON)],
        object(&members, &hub::recent(), 0, false),
    )
        .into_response()
}

/// Answers with a stream of server-sent events: `hello` with the state as it is known by now, then
/// `change` with what is new, at least once a second.
pub(crate) async fn events(State(panel): State<Arc<Mounted>>) -> Response {
    match hub::open(&opening(&panel), sampler::sample) {
        Ok(frames) => {
            let headers = [
                (CONTENT_TYPE, "text/event-stream"),
                // A proxy that gathers what it forwards would hold the frames back.
                (
                    axum::http::HeaderName::from_static("x-accel-buffering"),
                    "no",
                ),
            ];
            (headers, Body::from_stream(frames)).into_response()
        }
        Err(Refused::TooMany) => fault(
            StatusCode::SERVICE_UNAVAILABLE,
            &format!("{PAGES} pages are open in this process, and that is the most"),
        ),
        Err(Refused::NoThread(error)) => fault(
            StatusCode::SERVICE_UNAVAILABLE,
            &format!("the thread of the panel could not be started: {error}"),
        ),
    }
}

/// Answers with all that is known of one function.
pub(crate) async fn function(Path(name): Path<String>) -> Response {
    match functions::detail(&name) {
        Some(detail) => ([(CONTENT_TYPE, JSON)], json(&detail)).into_response(),
        None => unknown_function(&name),
    }
}
