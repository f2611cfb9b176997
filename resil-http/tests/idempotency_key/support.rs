//! A shop whose requests have an effect that is counted, and the answers that its clients see.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use resil_http::server::IdempotencyKeyLayer;
use resil_runtime::idempotency::store::Memory;
use resil_stores::Shared;
use tokio::time::sleep;
use tower::ServiceExt;

/// The effects that took place.
#[derive(Debug, Clone, Default)]
pub(crate) struct Effects(Arc<AtomicU32>);

impl Effects {
    /// Has an effect, and returns which it is, from 1.
    pub(crate) fn add(&self) -> u32 {
        self.0.fetch_add(1, SeqCst) + 1
    }

    pub(crate) fn count(&self) -> u32 {
        self.0.load(SeqCst)
    }
}

/// Keys by account, on a store of their own.
pub(crate) fn keys() -> IdempotencyKeyLayer {
    IdempotencyKeyLayer::new("payments", |request| {
        let account = request.headers.get("x-account")?;
        account.to_str().ok().map(str::to_owned)
    })
    .store(Shared::new(Memory::default()))
}

/// A shop: `/pay` answers 201 with the number of the effect, after the milliseconds in `x-takes`, or with the status
/// in `x-status`.
pub(crate) fn shop(keys: IdempotencyKeyLayer) -> (Router, Effects) {
    async fn pay(State(effects): State<Effects>, headers: HeaderMap, body: String) -> Response {
        let number = |name: &str| {
            let text = headers.get(name)?.to_str().ok()?;
            text.parse::<u16>().ok()
        };
        let effect = effects.add();
        if let Some(takes) = number("x-takes") {
            sleep(Duration::from_millis(takes.into())).await;
        }
        let status = number("x-status").map(|status| StatusCode::from_u16(status).unwrap());
        let status = status.unwrap_or(StatusCode::CREATED);
        let headers = [("location", format!("/paid/{effect}"))];
        (status, headers, format!("paid {effect}: {body}")).into_response()
    }
    let effects = Effects::default();
    let app = Router::new()
        .route("/pay", any(pay))
        .route("/other", any(pay))
        .layer(keys)
        .with_state(effects.clone());
    (app, effects)
}

/// A request to pay, of the account `ada`.
pub(crate) fn pay(key: &str) -> Request {
    to("POST", "/pay", key, "5 coins")
}

pub(crate) fn to(method: &str, path: &str, key: &str, body: &str) -> Request {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("x-account", "ada")
        .header("content-type", "text/plain");
    let request = match key {
        "" => request,
        key => request.header("idempotency-key", key),
    };
    request.body(Body::from(body.to_owned())).unwrap()
}

/// The request with another header.
pub(crate) fn with(mut request: Request, name: &'static str, value: &'static str) -> Request {
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}

/// What a client sees.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) headers: HeaderMap,
}

impl Seen {
    pub(crate) async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self {
            status: parts.status.as_u16(),
            body: String::from_utf8_lossy(&body).into_owned(),
            headers: parts.headers,
        }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn is_replay(&self) -> bool {
        self.header("idempotency-replayed") == "true"
    }

    /// Checks that the request was refused: by a problem report with this word.
    #[track_caller]
    pub(crate) fn is_refused(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(problem["code"], code);
        assert_eq!(problem["status"], status);
        assert!(problem["title"].is_string() && problem["detail"].is_string());
        assert!(!self.is_replay());
    }
}

pub(crate) async fn send(app: &Router, request: Request) -> Seen {
    let answer = app.clone().oneshot(request).await;
    Seen::of(answer.unwrap()).await
}
