//! What the HTTP edge costs, over loopback: the client beside plain reqwest, the server's layers beside plain axum, and
//! the slowest answers with one slow endpoint of three.
//!
//! `scripts/bench --edge` prints them. The rounds of the contestants are interleaved, and a ratio is the median of those
//! of each round.

#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program that prints times: sockets live in real time"
)]

use std::convert::Infallible;
use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::response::Response;
use axum::routing::get;
use axum::{Router, ServiceExt};
use resil::Client;
use resil::http::balance::{Balancer, Endpoints, Strategy};
use resil_benches::edge::hand::Hand;
use resil_benches::edge::{
    Load, Of, Sender, Sends, admission, app, client, customers_reqwest, layers, limited_reqwest,
    plain, retrying_reqwest,
};
use resil_benches::harness::cpu;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tower::{Layer, Service};

const ROUND: Duration = Duration::from_millis(300);
const ROUNDS: usize = 31;

/// Serves `app` on a free port, and returns its URL.
async fn listen(app: Router) -> String {
    let (listener, url) = bind().await;
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

/// Serves a router with `layers` around the whole of it on a free port, and returns its URL.
async fn listen_around<L>(layers: L, app: Router) -> String
where
    L: Layer<Router>,
    L::Service: Service<Request, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
{
    let (listener, url) = bind().await;
    // As axum does it with a router: each route is made once, and not for each request.
    let app = layers.layer(app.with_state(()));
    tokio::spawn(async move { axum::serve(listener, app.into_make_service()).await });
    url
}

async fn bind() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    (listener, format!("http://{address}"))
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

/// What a contestant did in one round.
#[derive(Clone, Copy, Default)]
struct Round {
    /// The requests in a second.
    rate: f64,
    /// The CPU time of a request in nanoseconds: that of the load and of both sides. What other processes take away
    /// does not show in it.
    cpu: f64,
}

impl Round {
    async fn of(load: &Load) -> Self {
        let (began, cpu) = (Instant::now(), cpu::process());
        let requests = load.round(ROUND).await.len() as f64;
        Self {
            rate: requests / began.elapsed().as_secs_f64(),
            cpu: (cpu::process() - cpu) / requests,
        }
    }
}

/// Prints how many requests a second contestants send, the CPU time of each, and the ratios of the others to the first.
async fn compare<const N: usize>(what: &str, goal: &str, contestants: [(&str, Load); N]) {
    let mut rounds = Vec::new();
    for round in 0..=ROUNDS {
        let mut done = [Round::default(); N];
        for turn in 0..N {
            // Each is once at each place, and every second time the other way round.
            let at = (round + turn) % N;
            let at = if round % 2 == 0 { at } else { N - 1 - at };
            done[at] = Round::of(&contestants[at].1).await;
        }
        // The first round opens the connections.
        if round > 0 {
            rounds.push(done);
        }
    }
    println!("{what} (goal {goal})");
    for (at, (name, _)) in contestants.iter().enumerate() {
        let of = |figure: &dyn Fn(&[Round; N]) -> f64| median(rounds.iter().map(figure).collect());
        print!(
            "  {name:<36} {:>8.0} requests/s, {:>6.2} µs of CPU time",
            of(&|round| round[at].rate),
            of(&|round| round[at].cpu / 1e3)
        );
        if at > 0 {
            print!(
                ": {:.3}× the requests, {:.3}× the time",
                of(&|round| round[at].rate / round[0].rate),
                of(&|round| round[at].cpu / round[0].cpu)
            );
        }
        println!();
    }
}

fn reqwest_to(url: String) -> Load {
    let client = reqwest::Client::builder().build().expect("a client");
    Load::of(Sender::Reqwest(client), url)
}

async fn of_the_client() {
    let url = format!("{}/", listen(plain()).await);
    let client = client("bench-client", Of::Url);
    // It gets no older than the client lets it within these rounds.
    let same_pool = client.pool().current().expect("its reqwest");
    let to = |sender| Load::of(sender, url.clone());
    compare(
        "a request through the whole client: circuit, retry, limits, deadline",
        "at least 0.95× of the requests, 1.05× of the time",
        [
            ("reqwest with the same pool", to(Sender::Reqwest(same_pool))),
            ("resil::Client", to(Sender::Resil(client))),
            (
                "reqwest with limits of its own",
                to(Sender::Reqwest(limited_reqwest())),
            ),
            ("the same with reqwest-retry", to(retrying_reqwest())),
            ("reqwest by default", reqwest_to(url.clone())),
        ],
    )
    .await;
}

/// The same client with what most of them have who call several servers.
async fn of_the_client_with_endpoints() {
    let mut urls = Vec::new();
    for _ in 0..3 {
        urls.push(listen(plain()).await);
    }
    let url = format!("{}/", urls[0]);
    let with_deadline = Sender::Resil(client("bench-deadline", Of::UrlWithDeadline));
    compare(
        "the same client, and a deadline header goes out",
        "none",
        [
            ("plain reqwest", reqwest_to(url.clone())),
            ("with a deadline header", Load::of(with_deadline, url)),
        ],
    )
    .await;
    let in_turn = Load {
        urls: urls.iter().map(|url| format!("{url}/")).collect(),
        ..reqwest_to(String::new())
    };
    let balanced = Sender::Resil(client("bench-endpoints", Of::Endpoints(&urls)));
    compare(
        "a deadline header, and three endpoints by peak EWMA",
        "none",
        [
            ("plain reqwest, in turn", in_turn),
            ("with endpoints", Load::of(balanced, "/".to_owned())),
        ],
    )
    .await;
}

/// Sends requests as the customer `bench`.
fn sender(url: &str) -> Load {
    Load::of(customers_reqwest(), format!("{url}/"))
}

/// Prints what a part of the server's layers costs.
async fn of_a_part(variant: &str) {
    let plain = listen(plain()).await;
    let part = listen(app(variant)).await;
    compare(
        "a part of the server's layers",
        "none",
        [("plain axum", sender(&plain)), (variant, sender(&part))],
    )
    .await;
}

async fn of_the_server() {
    let layers = layers(admission());
    let around = listen_around(layers.clone(), plain()).await;
    let layered = listen(plain().layer(layers)).await;
    let headers = listen(app("headers")).await;
    let tower = listen(app("tower")).await;
    let silent = listen(app("silent")).await;
    let hand = listen(app("hand")).await;
    let plain = listen(plain()).await;
    // The headers of a rate limit cost whoever writes and reads them: most of all the client here, in whose buffers fewer
    // answers have room.
    compare(
        "the whole server stack: deadline, admission, rate limit by caller, Idempotency-Key",
        "at least 0.95×",
        [
            ("plain axum with the same two headers", sender(&headers)),
            ("Router::layer of a tuple", sender(&layered)),
            ("around the whole router", sender(&around)),
            ("one layer by hand", sender(&hand)),
            ("tower, tower-http, tower_governor", sender(&tower)),
            ("plain axum", sender(&plain)),
        ],
    )
    .await;
    compare(
        "the same, whose answers say nothing of the rate limit",
        "at least 0.95×",
        [
            ("plain axum", sender(&plain)),
            ("Router::layer of a tuple", sender(&silent)),
        ],
    )
    .await;
}

/// Prints what a key on each request costs, on the store in memory.
async fn of_the_keys() {
    let plain = listen(app("post")).await;
    let keyed = listen(app("post-keys")).await;
    let posts = |sends, url| Load {
        sends,
        ..sender(url)
    };
    // The first one with its key: those that come while it runs would be refused.
    sender(&keyed).sender.post(&format!("{keyed}/"), 0).await;
    for (what, sends) in [
        (
            "a POST with an Idempotency-Key of its own: the handler runs",
            Sends::Posts,
        ),
        (
            "a POST with a key that is done: the answer is replayed",
            Sends::OnePost,
        ),
    ] {
        compare(
            what,
            "none",
            [
                ("plain axum", posts(sends, &plain)),
                ("IdempotencyKeyLayer", posts(sends, &keyed)),
            ],
        )
        .await;
    }
}

/// Prints the slowest answers among three endpoints, of which one may be slow.
async fn of_a_slow_endpoint() {
    println!(
        "p99 with three endpoints at 200 requests a second each way (goal 1.2× of p99 without a slow one)"
    );
    let mut without = None;
    for (what, slow, strategy) in [
        ("none slow, peak EWMA", 2, Strategy::P2cPeakEwma),
        ("one slow, peak EWMA", 100, Strategy::P2cPeakEwma),
        ("one slow, round robin", 100, Strategy::RoundRobin),
    ] {
        let mut urls = Vec::new();
        for ms in [2, 2, slow] {
            let work = move || async move {
                sleep(Duration::from_millis(ms)).await;
                "hello"
            };
            urls.push(listen(Router::new().route("/", get(work))).await);
        }
        let name = format!("bench-slow-{slow}-{strategy:?}").to_lowercase();
        let balancer = Balancer::builder(&name, Endpoints::list(urls).expect("endpoints"))
            .strategy(strategy)
            .build()
            .expect("a balancer");
        let client = Client::builder(&name)
            .balancer(balancer)
            .build()
            .expect("a client");
        let mut times = Vec::new();
        let mut calls = JoinSet::new();
        let began = tokio::time::Instant::now();
        for n in 0..1600_u32 {
            tokio::time::sleep_until(began + Duration::from_millis(5) * n).await;
            let client = client.clone();
            calls.spawn(async move {
                let began = Instant::now();
                let answer = client.get("/").send().await.expect("an answer");
                answer.bytes().await.expect("its body");
                (n, began.elapsed())
            });
        }
        for (n, took) in calls.join_all().await {
            // The first two seconds are for learning.
            if n >= 400 {
                times.push(took.as_secs_f64() * 1e3);
            }
        }
        times.sort_by(f64::total_cmp);
        let p99 = times[times.len() * 99 / 100];
        let without = *without.get_or_insert(p99);
        println!("  {what:<24} {p99:>8.2} ms, {:.2}×", p99 / without);
    }
}

/// Returns one who sends requests: a client to a server without layers, or plain reqwest to a server with a part of them.
async fn alone(who: &str) -> Load {
    let sends = match who {
        "reqwest" => Sender::Reqwest(reqwest::Client::new()),
        "limited" => Sender::Reqwest(limited_reqwest()),
        "retrying" => retrying_reqwest(),
        "pool" => {
            let client = client("bench-pool", Of::Url);
            Sender::Reqwest(client.pool().current().expect("its reqwest"))
        }
        "resil" => Sender::Resil(client("bench-client", Of::Url)),
        variant => return sender(&listen(app(variant)).await),
    };
    Load::of(sends, format!("{}/", listen(plain()).await))
}

#[tokio::main]
async fn main() {
    // `scripts/bench --edge server` for one of them.
    let mut args = std::env::args().skip(1);
    let which = args.next().unwrap_or_default();
    // `scripts/bench --edge part keyed headers`: the variants of `resil_benches::edge::app`.
    if which == "part" {
        for variant in args {
            of_a_part(&variant).await;
        }
        return;
    }
    // For a load from outside.
    if which == "serve" {
        let variant = args.next().unwrap_or_default();
        let url = match variant.as_str() {
            "around" => listen_around(layers(admission()), plain()).await,
            "silent-around" => listen_around(layers(admission().headers(false)), plain()).await,
            "hand-around" => listen_around(Hand, plain()).await,
            variant => listen(app(variant)).await,
        };
        println!("{url}");
        return std::future::pending().await;
    }
    let is_meant = |name: &str| which.is_empty() || which == name;
    // For a profiler, and for `edge_lives`: only one of those who are compared.
    if which == "alone" {
        let load = alone(&args.next().unwrap_or_default()).await;
        // A round for each line that comes.
        let takes_turns = args.next().as_deref() == Some("turns");
        for _ in 0..if takes_turns { usize::MAX } else { ROUNDS } {
            if takes_turns && std::io::stdin().lines().next().is_none() {
                break;
            }
            let round = Round::of(&load).await;
            println!("{:.0} requests/s, {:.2} µs", round.rate, round.cpu / 1e3);
        }
        return;
    }
    if is_meant("client") {
        of_the_client().await;
    }
    if is_meant("endpoints") {
        of_the_client_with_endpoints().await;
    }
    if is_meant("server") {
        of_the_server().await;
    }
    if is_meant("posts") {
        of_the_keys().await;
    }
    if is_meant("slow") {
        of_a_slow_endpoint().await;
    }
}
