//! Each fault of a backend, seen directly and through each proxy.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use http::Method;
use resil_http::client::{Client, ClientError, Response};

use crate::backend::Backend;
use crate::proxy::{Between, Proxy, are_there};
use crate::support::{at_once, free_address};

/// The limit of one attempt: above what a loaded machine takes for a good answer.
const ATTEMPT: Duration = Duration::from_secs(5);

/// The limit of a connection. One that it ends was not made: its request is tried again, and no test here is about that.
const CONNECT: Duration = Duration::from_millis(4900);

/// A client of a backend, with what stands between them.
struct Peer {
    client: Client,
    backend: Backend,
    _proxy: Option<Proxy>,
}

impl Peer {
    async fn start(between: Between) -> Self {
        let backend = Backend::start().await;
        let proxy = between.start(backend.address);
        let address = proxy
            .as_ref()
            .map_or(backend.address, |proxy| proxy.address);
        Self {
            client: client(between, &format!("http://{address}")),
            backend,
            _proxy: proxy,
        }
    }

    async fn ask(&self, method: Method, path: &str, key: Option<&str>) -> Answer {
        let mut request = self.client.request(method, path);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        request.send().await
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, None).await
    }
}

type Answer = Result<Response, ClientError>;

fn client(between: Between, base: &str) -> Client {
    Client::builder(format!(
        "peers-{}",
        base.rsplit(':').next().unwrap_or_default()
    ))
    .base_url(base)
    .retry(at_once(3))
    .connect(CONNECT)
    .attempt(ATTEMPT)
    .total(Duration::from_secs(30))
    .http(move |builder| {
        if between.is_h2() {
            builder.http2_prior_knowledge()
        } else {
            builder
        }
    })
    .build()
    .unwrap()
}

/// Returns what a test is about: the status with the number of attempts, or the error.
fn shown(answer: &Answer) -> String {
    match answer {
        Ok(response) => format!(
            "{} after {}",
            response.status().as_u16(),
            response.attempts()
        ),
        Err(ClientError::Transport { .. }) => "broken".to_owned(),
        Err(ClientError::NoConnection { .. }) => "no connection".to_owned(),
        Err(error) => what(error),
    }
}

/// What an error says, without where that was.
fn what(error: &ClientError) -> String {
    let (text, place) = (error.to_string(), error.place().unwrap().to_string());
    text.strip_prefix(&place).unwrap().to_owned()
}

/// Runs `check` with nothing between and behind each proxy, at once.
///
/// All of them are there before the first call, and until the last one has ended: starting and stopping a program
/// blocks the runtime, and a call under way would take that for a connection that can't be made.
async fn behind_each(check: impl AsyncFn(Between, &Peer)) {
    let mut peers = Vec::new();
    for between in Between::ALL {
        if between == Between::Nothing || are_there() {
            peers.push((between, Peer::start(between).await));
        }
    }
    let check = &check;
    join_all(peers.iter().map(|(between, peer)| check(*between, peer))).await;
}

#[tokio::test]
async fn what_is_answered_is_taken_and_what_passes_is_tried_again() {
    behind_each(async |between, peer| {
        for (path, expected, seen) in [
            ("/ok", "200 after 1", 1),
            ("/404", "404 after 1", 1),
            ("/503", "503 after 3", 3),
            ("/once/503", "200 after 2", 2),
            ("/once/reset", "200 after 2", 2),
        ] {
            let answer = peer.get(path).await;
            assert_eq!(shown(&answer), expected, "{between:?} {path}");
            let count = peer.backend.seen(&format!("GET {path}"));
            assert_eq!(count, seen, "{between:?} {path}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_attempt_that_hangs_is_cut_and_made_again() {
    behind_each(async |between, peer| {
        let answer = peer.get("/once/hang").await;
        assert_eq!(shown(&answer), "200 after 2", "{between:?}");
    })
    .await;
}

#[tokio::test]
async fn a_pause_that_is_asked_for_is_kept() {
    behind_each(async |between, peer| {
        let began = Instant::now();
        let answer = peer.get("/once/wait").await;
        assert_eq!(shown(&answer), "200 after 2", "{between:?}");
        assert!(began.elapsed() >= Duration::from_secs(1), "{between:?}");
    })
    .await;
}

/// Whatever a proxy makes of it: a POST that the backend has seen is not sent again, unless a key makes it safe.
#[tokio::test]
async fn a_post_that_may_have_been_executed_is_not_doubled() {
    behind_each(async |between, peer| {
        for path in ["/reset", "/hang", "/503", "/once/reset"] {
            let answer = peer.ask(Method::POST, path, None).await;
            let told: &[&str] = match (path, between) {
                ("/503", _) => &["503 after 1"],
                ("/hang", _) => &["no answer to the request within 5s (`attempt`)"],
                (_, Between::Nothing) => &["broken"],
                // Where its connection to the backend was used before, it closes without an answer, or over HTTP/2
                // says REFUSED_STREAM: that nothing was done.
                (_, Between::Haproxy { .. }) => &["502 after 1", "broken"],
                _ => &["502 after 1"],
            };
            let shown = shown(&answer);
            assert!(
                told.contains(&shown.as_str()),
                "{between:?} {path}: {shown}"
            );
            let count = peer.backend.seen(&format!("POST {path}"));
            assert_eq!(count, 1, "{between:?} {path}");
        }
        let answer = peer.ask(Method::POST, "/once/503", Some("k-1")).await;
        assert_eq!(shown(&answer), "200 after 2", "{between:?} with a key");
    })
    .await;
}

#[tokio::test]
async fn a_body_that_stops_or_drips_is_an_error_that_says_so() {
    behind_each(async |between, peer| {
        let lie = peer.get("/lie").await.unwrap().bytes().await;
        assert!(
            matches!(lie, Err(ClientError::Transport { .. })),
            "{between:?} {lie:?}"
        );
        let total = Duration::from_millis(2500);
        let drip = peer.client.get("/drip").total(total).send().await;
        let drip = what(&drip.unwrap().bytes().await.unwrap_err());
        assert_eq!(
            drip, "not done within 2.5s (`total`), after 1 attempt",
            "{between:?}"
        );
    })
    .await;
}

/// nginx takes what is no HTTP for an answer of HTTP/0.9, and passes it on as one.
#[tokio::test]
async fn what_is_no_http_is_tried_again() {
    behind_each(async |between, peer| {
        if !matches!(between, Between::Nginx { .. }) {
            let answer = peer.get("/once/rubbish").await;
            assert_eq!(shown(&answer), "200 after 2", "{between:?}");
        }
    })
    .await;
}

/// A port that is closed: the client sees it itself, or the proxy says so.
#[tokio::test]
async fn a_backend_that_refuses_connections() {
    for between in Between::ALL {
        if between != Between::Nothing && !are_there() {
            continue;
        }
        let closed = free_address();
        let proxy = between.start(closed);
        let address = proxy.as_ref().map_or(closed, |proxy| proxy.address);
        let client = client(between, &format!("http://{address}"));
        let get = shown(&client.get("/ok").send().await);
        let post = shown(&client.post("/ok").send().await);
        let (told_get, told_post) = match between {
            // Nothing was sent: a POST may be tried again too.
            Between::Nothing => ("no connection", "no connection"),
            Between::Nginx { .. } => ("502 after 3", "502 after 1"),
            Between::Haproxy { .. } => ("503 after 3", "503 after 1"),
        };
        assert_eq!(
            (get.as_str(), post.as_str()),
            (told_get, told_post),
            "{between:?}"
        );
    }
}
