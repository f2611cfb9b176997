//! The client.

use std::fmt;

use ::http::{HeaderMap, Method};

use super::request::RequestBuilder;
use super::settings::{Clones, Settings, Shared};
use super::stats::ClientStats;
use crate::balance::{Balancer, PooledClient};
use crate::shown::shown;

/// A client for HTTP over reqwest, under the policies of resil.
///
/// ```no_run
/// use std::time::Duration;
/// use resil_http::client::Client;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let pay = Client::builder("pay")
///     .base_url("http://pay:8080/v1")
///     .total(Duration::from_secs(5))
///     .build()?;
///
/// let answer = pay.get("/accounts/7").send().await?.error_for_status()?;
/// println!("{}", answer.text().await?);
/// # Ok(())
/// # }
/// ```
///
/// A clone shares the connections and the policies. The module's page says what there is.
#[derive(Clone)]
pub struct Client(Clones);

impl Client {
    pub(super) fn new(settings: Settings) -> Self {
        Self(Clones::new(settings))
    }

    /// Returns what a request has of the client.
    pub(super) fn of_request(&self) -> Shared {
        self.0.of_request()
    }

    fn settings(&self) -> &Settings {
        self.0.settings()
    }

    /// Returns the name of the policies' state.
    pub fn name(&self) -> &'static str {
        self.settings().name
    }

    /// Returns what picks the endpoints, with its figures, if the client has several.
    pub fn balancer(&self) -> Option<&Balancer> {
        self.settings().balancer.as_ref()
    }

    /// Returns reqwest's client with its pool, to warm it up.
    pub fn pool(&self) -> &PooledClient {
        &self.settings().http
    }

    /// Returns the figures as they are now.
    pub fn stats(&self) -> ClientStats {
        let settings = self.settings();
        ClientStats {
            name: settings.name,
            under_way: settings.under_way.count(),
            pool: settings.http.stats(),
            balancer: settings.balancer.as_ref().map(Balancer::stats),
        }
    }

    /// Returns a client whose requests belong to the trace of an incoming request, of which these are the
    /// headers. It shares connections and policies with this one.
    ///
    /// Carried are `x-request-id`, `traceparent`, `tracestate`, B3 (`b3` and `x-b3-*`); behind Envoy and
    /// Istio `x-ot-span-context`; behind Linkerd `l5d-ctx-*`. A header that a request has itself stays.
    #[must_use]
    pub fn with_context(&self, incoming: &HeaderMap) -> Self {
        Self(self.0.with_context(incoming))
    }

    /// Begins a `GET`.
    ///
    /// The path is appended to the base URL; without one it is a whole URL. So it is for all methods.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    /// Begins a `HEAD`.
    pub fn head(&self, path: &str) -> RequestBuilder {
        self.request(Method::HEAD, path)
    }

    /// Begins a `POST`, which is sent again only if it was not sent, or has an `Idempotency-Key`.
    pub fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    /// Begins a `PUT`.
    pub fn put(&self, path: &str) -> RequestBuilder {
        self.request(Method::PUT, path)
    }

    /// Begins a `PATCH`, which is sent again only if it was not sent, or has an `Idempotency-Key`.
    pub fn patch(&self, path: &str) -> RequestBuilder {
        self.request(Method::PATCH, path)
    }

    /// Begins a `DELETE`.
    pub fn delete(&self, path: &str) -> RequestBuilder {
        self.request(Method::DELETE, path)
    }

    /// Begins a request of any method.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        RequestBuilder::new(self.of_request(), method, path)
    }
}

/// Shows the limits in force, defaults too.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = self.settings();
        f.debug_struct("Client")
            .field("name", &settings.name)
            .field("base_url", &settings.target.base().map(shown))
            .field("balancer", &settings.balancer)
            .field("pool", &settings.http)
            .field("connect", &settings.limits.connect)
            .field("read", &settings.limits.read)
            .field("write", &settings.limits.write)
            .field("attempt", &settings.limits.attempt)
            .field("total", &settings.limits.total)
            .field("policies", &settings.policies.layers())
            .field("idempotency_keys", &settings.adds_keys)
            .field("deadline_headers", &settings.deadline_headers)
            .field("deadline_margin", &settings.deadline_margin)
            .field("mesh", &settings.mesh)
            .field("retried_by", &settings.retried_by)
            .finish_non_exhaustive()
    }
}
