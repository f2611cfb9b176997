//! The answers of the API.

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::functions;
use crate::nearest::nearest;
use crate::rows::json;

/// The type of all answers but the page, its files and the stream.
pub(crate) const JSON: &str = "application/json";

#[derive(Serialize)]
struct Fault<'a> {
    error: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    nearest: Option<&'a str>,
}

/// Answers with a fault: `{"error": ".."}`.
pub(crate) fn fault(status: StatusCode, error: &str) -> Response {
    with_nearest(status, error, None)
}

/// Answers that nothing has that name: `{"error": "..", "nearest": ".."}`.
pub(crate) fn unknown(error: &str, nearest: Option<&str>) -> Response {
    with_nearest(StatusCode::NOT_FOUND, error, nearest)
}

/// Answers that no function has that name.
pub(crate) fn unknown_function(name: &str) -> Response {
    let names = functions::names();
    let nearest = nearest(name, names.iter().map(String::as_str));
    unknown(&format!("there is no function `{name}`"), nearest)
}

fn with_nearest(status: StatusCode, error: &str, nearest: Option<&str>) -> Response {
    let body = json(&Fault { error, nearest });
    (status, [(CONTENT_TYPE, JSON)], body).into_response()
}

/// Answers that the token is missing or wrong.
pub(crate) fn no_token() -> Response {
    let fault = fault(
        StatusCode::UNAUTHORIZED,
        "the token is missing or wrong: send `Authorization: Bearer <token>`",
    );
    ([(WWW_AUTHENTICATE, "Bearer realm=\"resil\"")], fault).into_response()
}
