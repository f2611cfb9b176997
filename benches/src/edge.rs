//! What the programs about the HTTP edge share: the app, its layers, and who sends the requests.

pub mod hand;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::header::{CONTENT_TYPE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{Request, StatusCode};
use axum::routing::{get, post};
use reqwest_middleware::ClientWithMiddleware;
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;
use resil::http::balance::{Balancer, Endpoints, Strategy};
use resil::http::client::DeadlineHeader;
use resil::http::server::{AdmissionLayer, DeadlineLayer, IdempotencyKeyLayer};
use resil::{BulkheadPolicy, CircuitPolicy, Client, RateLimitPolicy};
use tokio::task::JoinSet;
use tower::limit::ConcurrencyLimitLayer;
use tower_governor::governor::GovernorConfigBuilder;
use tower_governor::key_extractor::KeyExtractor;
use tower_governor::{GovernorError, GovernorLayer};
use tower_http::timeout::TimeoutLayer;

/// Returns the key of a caller.
#[must_use]
pub fn customer(request: &Parts) -> Option<String> {
    request
        .headers
        .get(USER_AGENT)?
        .to_str()
        .ok()
        .map(str::to_owned)
}

/// Returns an app without layers. It answers with five bytes.
pub fn plain() -> Router {
    Router::new().route("/", get(|| async { "hello" }))
}

/// Returns an app without layers that takes [`ORDER`], and answers with five bytes.
pub fn posted() -> Router {
    let order = |order: Bytes| async move {
        assert_eq!(order.len(), ORDER.len());
        "hello"
    };
    Router::new().route("/", post(order))
}

/// The body of a `POST`.
pub const ORDER: &str = r#"{"order":"8e03978e","amount":4200,"currency":"EUR"}"#;

/// Returns the value of an `Idempotency-Key`, as long as a UUID with its quotes.
pub fn key(number: u64) -> String {
    format!("\"00000000-0000-4000-8000-{number:012x}\"")
}

/// Returns a layer with a bulkhead and a rate limit by caller, both wide enough for all.
pub fn admission() -> AdmissionLayer {
    AdmissionLayer::new("bench")
        .bulkhead(BulkheadPolicy::new().max(1000))
        .rate_limit(RateLimitPolicy::new().max(1_000_000))
        .key_header(USER_AGENT)
}

/// Returns all the layers of a server.
pub fn layers(admission: AdmissionLayer) -> (DeadlineLayer, AdmissionLayer, IdempotencyKeyLayer) {
    let keys = IdempotencyKeyLayer::new("bench", customer);
    (DeadlineLayer::new(), admission, keys)
}

/// Returns the app with a part of the layers, or with what one of them does by hand.
///
/// # Panics
///
/// If there is no such variant.
pub fn app(variant: &str) -> Router {
    let keys = || IdempotencyKeyLayer::new("bench", customer);
    let limit = |name| AdmissionLayer::new(name).rate_limit(RateLimitPolicy::new().max(1_000_000));
    match variant {
        "plain" => plain(),
        "post" => posted(),
        "post-keys" => posted().layer(keys()),
        "deadline" => plain().layer(DeadlineLayer::new()),
        "keys" => plain().layer(keys()),
        "admission" => plain().layer(admission()),
        "empty" => plain().layer(AdmissionLayer::new("empty")),
        "bulkhead" => {
            plain().layer(AdmissionLayer::new("b").bulkhead(BulkheadPolicy::new().max(1000)))
        }
        "limit" => plain().layer(limit("l")),
        "keyed" => plain().layer(limit("k").key_header(USER_AGENT)),
        "function" => plain().layer(limit("f").key(customer)),
        "three" => plain()
            .layer(keys())
            .layer(admission())
            .layer(DeadlineLayer::new()),
        "tuple" => plain().layer(layers(admission())),
        "hand" => plain().layer(hand::Hand),
        "silent" => plain().layer(layers(admission().headers(false))),
        "identity" => plain().layer(tower::layer::util::Identity::new()),
        "tower" => towers(),
        "headers" => Router::new().route(
            "/",
            get(|| async {
                (
                    [
                        ("ratelimit-policy", "\"bench\";q=1000000;w=1"),
                        ("ratelimit", "\"bench\";r=999999;t=1"),
                    ],
                    "hello",
                )
            }),
        ),
        _ => panic!("no such variant"),
    }
}

/// Returns the app under what tower has of this: a timeout, a bulkhead, and a rate limit by caller with its headers. It
/// has no deadline of the caller's, and no `Idempotency-Key`.
fn towers() -> Router {
    let limits = GovernorConfigBuilder::default()
        .key_extractor(Customer)
        .per_nanosecond(1_000)
        .burst_size(1_000_000)
        .use_headers()
        .finish()
        .expect("limits");
    plain()
        .layer(GovernorLayer::new(limits))
        .layer(ConcurrencyLimitLayer::new(1000))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            Duration::from_secs(30),
        ))
}

/// The key of a caller, for `tower_governor`.
#[derive(Clone, Debug)]
struct Customer;

impl KeyExtractor for Customer {
    type Key = String;

    fn extract<T>(&self, request: &Request<T>) -> Result<String, GovernorError> {
        let name = request.headers().get(USER_AGENT);
        let name = name.and_then(|name| name.to_str().ok());
        name.map(str::to_owned)
            .ok_or(GovernorError::UnableToExtractKey)
    }
}

/// Returns a client with a circuit, and with what else a row is about.
///
/// # Panics
///
/// If it can't be built.
pub fn client(name: &str, of: Of<'_>) -> Client {
    let builder = Client::builder(name).circuit(CircuitPolicy::new());
    let builder = match of {
        Of::Url => builder,
        Of::UrlWithDeadline => builder.deadline_header(DeadlineHeader::millis()),
        Of::Endpoints(urls) => {
            let endpoints = Endpoints::list(urls).expect("endpoints");
            let balancer = Balancer::builder(format!("{name}.endpoints"), endpoints)
                .strategy(Strategy::P2cPeakEwma)
                .build();
            builder
                .deadline_header(DeadlineHeader::millis())
                .balancer(balancer.expect("a balancer"))
        }
    };
    builder.build().expect("a client")
}

/// What a client goes to.
#[derive(Clone, Copy, Debug)]
pub enum Of<'a> {
    /// The URL of each request.
    Url,
    /// The same, and it tells how much time is left.
    UrlWithDeadline,
    /// One of these, by peak EWMA, and it tells how much time is left.
    Endpoints(&'a [String]),
}

/// Returns plain reqwest that sends as the customer `bench`.
///
/// # Panics
///
/// If it can't be built.
pub fn customers_reqwest() -> Sender {
    let headers = [(USER_AGENT, "bench".parse().expect("a value"))];
    let client = reqwest::Client::builder().default_headers(headers.into_iter().collect());
    Sender::Reqwest(client.build().expect("a client"))
}

/// Returns reqwest with limits of its own: that of a connection, that between two parts of an answer, and that of the
/// whole request.
///
/// # Panics
///
/// If it can't be built.
pub fn limited_reqwest() -> reqwest::Client {
    let limit = Duration::from_secs(30);
    let client = reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(5))
        .read_timeout(limit)
        .timeout(limit);
    client.build().expect("a client")
}

/// Returns [`limited_reqwest`] with the retries of reqwest-retry.
pub fn retrying_reqwest() -> Sender {
    let policy = ExponentialBackoff::builder().build_with_max_retries(3);
    let retries = RetryTransientMiddleware::new_with_policy(policy);
    let client = reqwest_middleware::ClientBuilder::new(limited_reqwest());
    Sender::Middleware(client.with(retries).build())
}

/// What sends a request.
#[derive(Clone, Debug)]
pub enum Sender {
    /// Plain reqwest.
    Reqwest(reqwest::Client),
    /// reqwest-middleware around it.
    Middleware(ClientWithMiddleware),
    /// The client of resil.
    Resil(Client),
}

impl Sender {
    /// Sends a request, and reads the whole answer.
    ///
    /// # Panics
    ///
    /// If it is not the answer of [`plain`].
    pub async fn send(&self, url: &str) {
        let bytes = match self {
            Self::Reqwest(client) => {
                let answer = client.get(url).send().await.expect("an answer");
                answer.bytes().await.expect("its body")
            }
            Self::Middleware(client) => {
                let answer = client.get(url).send().await.expect("an answer");
                answer.bytes().await.expect("its body")
            }
            Self::Resil(client) => {
                let answer = client.get(url).send().await.expect("an answer");
                answer.bytes().await.expect("its body")
            }
        };
        assert_eq!(bytes.len(), 5);
    }

    /// Posts [`ORDER`] under a key, and reads the whole answer.
    ///
    /// # Panics
    ///
    /// If it is not the answer of [`posted`].
    pub async fn post(&self, url: &str, number: u64) {
        let Self::Reqwest(client) = self else {
            panic!("the rows about keys are about the server")
        };
        let post = client.post(url).header("idempotency-key", key(number));
        let answer = post.header(CONTENT_TYPE, "application/json").body(ORDER);
        let answer = answer.send().await.expect("an answer");
        assert_eq!(answer.bytes().await.expect("its body").len(), 5);
    }
}

/// One who sends requests.
#[derive(Clone, Debug)]
pub struct Load {
    /// Who sends them.
    pub sender: Sender,
    /// Where they go, in turn.
    pub urls: Vec<String>,
    /// What they are.
    pub sends: Sends,
}

/// What is sent.
#[derive(Clone, Copy, Debug)]
pub enum Sends {
    /// `GET`s.
    Gets,
    /// `POST`s, each of which has a key of its own.
    Posts,
    /// `POST`s that all have the same key.
    OnePost,
}

impl Load {
    /// How many requests are under way at once.
    const AT_ONCE: usize = 32;

    /// One who sends `GET`s to a URL.
    pub fn of(sender: Sender, url: String) -> Self {
        Self {
            sender,
            urls: vec![url],
            sends: Sends::Gets,
        }
    }

    /// Sends requests for so long, many at once, and returns how long each of them took.
    ///
    /// # Panics
    ///
    /// As [`Sender::send`].
    pub async fn round(&self, time: Duration) -> Vec<Duration> {
        /// The number of tasks that have sent requests: each has keys of its own, also in the next round.
        static TASKS: AtomicU64 = AtomicU64::new(0);
        let (mut senders, end) = (JoinSet::new(), Instant::now() + time);
        for at in 0..Self::AT_ONCE {
            let (load, mut number) = (self.clone(), TASKS.fetch_add(1, Relaxed) << 32);
            senders.spawn(async move {
                let (mut times, mut urls) = (Vec::new(), load.urls.iter().cycle().skip(at));
                while Instant::now() < end {
                    let began = Instant::now();
                    let url = urls.next().expect("a URL");
                    match load.sends {
                        Sends::Gets => load.sender.send(url).await,
                        Sends::Posts => load.sender.post(url, number).await,
                        Sends::OnePost => load.sender.post(url, 0).await,
                    }
                    number += 1;
                    times.push(began.elapsed());
                }
                times
            });
        }
        senders.join_all().await.into_iter().flatten().collect()
    }
}
