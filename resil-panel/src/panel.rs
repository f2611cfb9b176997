//! The router, and what it is built from.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::map_response;
use axum::routing::{MethodRouter, get, post};

use crate::mounted::Mounted;
use crate::token::Token;
use crate::{api, assets, command, headers};

/// The most bytes of the body of a request; a longer one is answered with 413.
const LONGEST_BODY: usize = 64 * 1024;

/// Builds the router of a panel.
///
/// ```
/// let panel = resil_panel::Panel::new().title("Shop, Frankfurt").token("from a secret");
/// let app: axum::Router = axum::Router::new().nest("/resil", panel.router());
/// # drop(app);
/// ```
#[derive(Clone)]
#[must_use = "a panel does nothing before `router` mounts it"]
pub struct Panel {
    title: String,
    token: Option<Token>,
}

impl Default for Panel {
    fn default() -> Self {
        Self::new()
    }
}

impl Panel {
    /// Creates a panel that is read only, with the title `resil`.
    pub fn new() -> Self {
        Self {
            title: String::from("resil"),
            token: None,
        }
    }

    /// Sets the title of the page: the name of the service, or of the host.
    pub fn title(self, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..self
        }
    }

    /// Lets those who send `token` change things: `Authorization: Bearer <token>`.
    ///
    /// The page asks for it and keeps it in the tab. The token is compared in constant time, and kept only
    /// as a hash. Take a long random one: tries are not counted. An empty token is none, so that a variable
    /// that is not set leaves the panel read only.
    pub fn token(self, token: impl AsRef<str>) -> Self {
        Self {
            token: Token::new(token.as_ref()),
            ..self
        }
    }

    /// Returns the router, to be mounted with [`nest`](Router::nest) or
    /// [`nest_service`](Router::nest_service) under any prefix.
    ///
    /// `nest("/resil", ..)` serves the page at `/resil`, and `nest_service("/resil", ..)` at `/resil/`
    /// too. To serve it at the root, use [`merge`](Router::merge).
    ///
    /// The routers of a process share the thread that reads the state, and the limit of 64 pages that
    /// may be open at a time.
    pub fn router<S>(self) -> Router<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        let panel = Arc::new(Mounted {
            title: self.title,
            token: self.token,
        });
        let mut router = Router::new()
            .route("/", get(assets::page))
            .route("/api/state", get(api::state))
            .route("/api/events", get(api::events))
            .route("/api/functions/{name}", get(api::function))
            .route("/api/token", command_of(post(command::token)))
            .route("/api/functions", command_of(post(command::function)))
            .route("/api/circuits", command_of(post(command::circuit)));
        for file in assets::FILES {
            router = router.route(file.path, get(|| async { file.response() }));
        }
        router
            .layer(DefaultBodyLimit::max(LONGEST_BODY))
            .layer(map_response(headers::secure))
            .with_state(panel)
    }
}

/// A route that only answers to POST says so to all others, in JSON as the rest of the API.
fn command_of(route: MethodRouter<Arc<Mounted>>) -> MethodRouter<Arc<Mounted>> {
    route.fallback(command::only_post)
}

impl fmt::Debug for Panel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Panel")
            .field("title", &self.title)
            .field("token", &self.token.as_ref().map(|_| ".."))
            .finish()
    }
}

/// Returns the router of a panel that is read only: `Panel::new().router()`.
///
/// ```
/// let app: axum::Router = axum::Router::new().nest("/resil", resil_panel::router());
/// # drop(app);
/// ```
pub fn router<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    Panel::new().router()
}
