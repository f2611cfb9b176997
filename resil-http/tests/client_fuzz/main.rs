//! Answers with headers of every kind, as `resil::Client` reads them from a socket: it never panics, it waits for no
//! longer than it may, it sends nothing again that it may not, and nothing is left behind.

#![allow(clippy::disallowed_methods, reason = "over a socket time is real")]

mod case;
mod server;
#[path = "../support/mod.rs"]
mod support;
mod values;

use std::ops::Range;
use std::slice;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use http::HeaderValue;
use resil_http::balance::Endpoints;
use resil_http::client::{Builder, Client, ClientError, DeadlineHeader, Mesh, Response};
use resil_runtime::bulkhead::BulkheadPolicy;
use resil_runtime::circuit::CircuitPolicy;
#[cfg(feature = "hedge")]
use resil_runtime::hedge::{HedgeAfter, HedgePolicy};
use resil_runtime::rate_limit::RateLimitPolicy;
use tokio::runtime::Handle;

use crate::case::{Asks, Case, Expected, TOTAL};
use crate::server::Server;
use crate::support::{at_once, until};

/// How many calls are under way at once on each thread.
const AT_ONCE: usize = 16;

/// What a call may take beyond the pause that was asked for, on a machine with much else to do.
const SPARE: Duration = Duration::from_secs(10);

/// What became of the calls of which it is known what has to come of them.
#[derive(Debug, Default)]
struct Came {
    attempts: AtomicU32,
    sent_again: AtomicU32,
    paused: AtomicU32,
}

impl Came {
    fn add(&self, attempts: u32, pause: Duration) {
        self.attempts.fetch_add(attempts, Relaxed);
        self.sent_again.fetch_add(attempts - 1, Relaxed);
        let is_paused = !pause.is_zero();
        self.paused.fetch_add(is_paused.into(), Relaxed);
    }
}

/// 100,000, or as many as `PROPTEST_CASES` says.
fn cases() -> u32 {
    let cases = std::env::var("PROPTEST_CASES").ok();
    cases.and_then(|n| n.parse().ok()).unwrap_or(100_000)
}

/// Makes so many calls on each of four threads, each of which has a runtime of its own.
fn on_four_threads(cases: u32, calls: impl AsyncFn(Range<u32>) + Sync) {
    let each = cases.div_ceil(4);
    thread::scope(|scope| {
        for thread in 0..4 {
            let calls = &calls;
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                runtime.block_on(calls(thread * each..(thread + 1) * each));
            });
        }
    });
}

/// Makes the calls of these cases, many at once, and waits until nothing of them is left.
async fn leave_nothing(
    servers: &[Server],
    client: Builder,
    cases: Range<u32>,
    call: impl AsyncFn(&Client, u32),
) {
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let open = || servers.iter().map(Server::open).sum::<usize>();
    let before = tasks();
    let client = client.build().unwrap();
    let callers = (0..AT_ONCE).map(|caller| {
        let (client, call, cases) = (&client, &call, cases.clone());
        async move {
            for number in cases.skip(caller).step_by(AT_ONCE) {
                call(client, number).await;
            }
        }
    });
    join_all(callers).await;
    assert_eq!(client.stats().under_way, 0);
    if let Some(balancer) = client.balancer() {
        let endpoints = balancer.stats().endpoints;
        assert!(endpoints.iter().all(|endpoint| endpoint.pending == 0));
    }
    // What is open are idle connections: they are used again.
    let most = 2 * AT_ONCE * servers.len();
    until("the others are closed", || open() <= most).await;
    drop(client);
    until("the connections are closed", || open() == 0).await;
    until("the tasks have ended", || tasks() == before).await;
}

/// Makes the call of a case. It ends in the time that it has.
async fn call(client: &Client, number: u32, case: &Case) -> Result<Response, ClientError> {
    let path = format!("/case/{number}");
    let call = match case.asks {
        Asks::Get => client.get(&path),
        Asks::Post => client.post(&path),
        Asks::Keyed => client.post(&path).header("idempotency-key", "k"),
    };
    let ended = tokio::time::timeout(TOTAL + SPARE, call.send()).await;
    ended.unwrap_or_else(|_| panic!("{number} does not end: {case:?}"))
}

/// Each answer comes to what its headers say, and all of its headers are there.
#[test]
fn answers_with_headers_of_every_kind() {
    let all = Came::default();
    on_four_threads(cases(), async |cases| {
        let server = Server::start().await;
        let client = Client::builder("client-fuzz")
            .base_url(format!("http://{}", server.at))
            .total(TOTAL)
            .retry(at_once(2).no_budget());
        let came = Came::default();
        let servers = slice::from_ref(&server);
        leave_nothing(servers, client, cases, async |client, number| {
            let case = Case::of(number);
            let began = Instant::now();
            let ended = call(client, number, &case).await;
            let took = began.elapsed();
            let Expected::Answer { attempts, pause } = case.expected else {
                let attempts = ended.map_or(0, |answer| answer.attempts());
                assert!(attempts <= 2, "{number}: {attempts} attempts: {case:?}");
                return;
            };
            let answer = ended.unwrap_or_else(|error| panic!("{number}: {error}: {case:?}"));
            let came_to = (answer.status().as_u16(), answer.attempts());
            assert_eq!(came_to, (case.status, attempts), "{number}: {case:?}");
            let in_time = pause..pause + SPARE;
            assert!(in_time.contains(&took), "{number}: {took:?}: {case:?}");
            for (name, _) in &case.lines {
                let values = answer.headers().get_all(*name).iter();
                let is_told = values.map(HeaderValue::as_bytes).eq(case.values(name));
                assert!(is_told, "{number}: `{name}`: {case:?}");
            }
            came.add(attempts, pause);
        })
        .await;
        let attempts = came.attempts.load(Relaxed);
        assert_eq!(server.requests(), attempts, "each request is an attempt");
        all.attempts.fetch_add(attempts, Relaxed);
        all.sent_again
            .fetch_add(came.sent_again.load(Relaxed), Relaxed);
        all.paused.fetch_add(came.paused.load(Relaxed), Relaxed);
    });
    let [again, paused] = [&all.sent_again, &all.paused].map(|count| count.load(Relaxed));
    assert!(again > cases() / 10 && paused > cases() / 1000, "{all:?}");
}

/// The same answers through all that a client may have around its requests: a tenth as many.
#[test]
fn answers_of_every_kind_through_all_policies() {
    on_four_threads(cases() / 10, async |cases| {
        let servers = [
            Server::start().await,
            Server::start().await,
            Server::start().await,
        ];
        let urls = servers.iter().map(|server| format!("http://{}", server.at));
        let client = Client::builder("client-fuzz-all")
            .endpoints(Endpoints::list(urls).unwrap())
            .total(TOTAL)
            .mesh(Mesh::Envoy)
            .deadline_header(DeadlineHeader::EnvoyExpected)
            .rate_limit(RateLimitPolicy::new().max(1_000_000).burst(u32::MAX))
            .circuit(CircuitPolicy::new().failures(u32::MAX))
            .bulkhead(BulkheadPolicy::new().max(1_000))
            .retry(at_once(2).no_budget());
        #[cfg(feature = "hedge")]
        let client = client.hedge(
            HedgePolicy::new(HedgeAfter::Delay(Duration::from_millis(20)))
                .max(2)
                .no_budget(),
        );
        leave_nothing(&servers, client, cases, async |client, number| {
            let case = Case::of(number);
            let ended = call(client, number, &case).await;
            let attempts = ended.as_ref().map_or(0, Response::attempts);
            // Each attempt of the retry with its copy.
            let most = match case.expected {
                Expected::Answer { attempts, .. } if case.asks == Asks::Post => attempts,
                Expected::Answer { attempts, .. } => 2 * attempts,
                Expected::Any => 4,
            };
            assert!(attempts <= most, "{number}: {attempts} attempts: {case:?}");
            assert!(
                ended.is_ok() || !case.is_clear(),
                "{number}: {ended:?}: {case:?}"
            );
        })
        .await;
    });
}
