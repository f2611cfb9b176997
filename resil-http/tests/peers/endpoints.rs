//! Several backends, of which one is killed, or is slow.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use resil_http::balance::{Balancer, Endpoints, Strategy};
use resil_http::client::Client;
use resil_runtime::circuit::CircuitPolicy;
use resil_runtime::retry::RetryPolicy;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::process::{Effects, Process};
use crate::support::serve;

/// A call that was answered: when it was begun and when that was, and by whom.
struct Answered {
    began: Duration,
    ended: Duration,
    by: SocketAddr,
}

/// Asks for `/work` 500 times a second for so long, whether or not the answers keep up.
async fn five_hundred_a_second(client: Client, length: Duration) -> Vec<Result<Answered, String>> {
    let mut calls = JoinSet::new();
    let first = Instant::now();
    for number in 0.. {
        let due = Duration::from_millis(2) * number;
        if due >= length {
            break;
        }
        sleep_until(first + due).await;
        let client = client.clone();
        calls.spawn(async move {
            let began = first.elapsed();
            let answer = client
                .get("/work")
                .send()
                .await
                .map_err(|e| e.to_string())?;
            let (status, by) = (answer.status(), answer.remote_addr().unwrap());
            answer.bytes().await.map_err(|e| e.to_string())?;
            let ended = first.elapsed();
            if status.is_success() {
                Ok(Answered { began, ended, by })
            } else {
                Err(status.to_string())
            }
        });
    }
    calls.join_all().await
}

/// Sends a `POST` without a key 50 times a second for so long, each with its number, and returns which were answered.
async fn numbered_posts(client: Client, length: Duration) -> Vec<(u32, bool)> {
    let mut calls = JoinSet::new();
    let first = Instant::now();
    for number in 0.. {
        let due = Duration::from_millis(20) * number;
        if due >= length {
            break;
        }
        sleep_until(first + due).await;
        let client = client.clone();
        calls.spawn(async move {
            let answer = client.post(&format!("/effect/{number}")).send().await;
            (number, answer.is_ok_and(|answer| answer.status() == 200))
        });
    }
    calls.join_all().await
}

/// A backend is back in the choice half a second after it was ejected.
fn quickly_back(name: &str, urls: &[String]) -> Balancer {
    let ejection = CircuitPolicy::new()
        .failures(5)
        .open_for(Duration::from_millis(500));
    Balancer::builder(name, Endpoints::list(urls).unwrap())
        .strategy(Strategy::RoundRobin)
        .ejection(ejection)
        .build()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_is_killed_and_started_again_costs_no_call_and_doubles_none() {
    const LENGTH: Duration = Duration::from_secs(4);

    let effects = Effects::start().await;
    let (mut dies, lives) = (
        Process::start(Some(effects.address)),
        Process::start(Some(effects.address)),
    );
    let urls = [&dies, &lives].map(|backend| format!("http://{}", backend.address));
    let client = Client::builder("peers-killed")
        .balancer(quickly_back("peers-killed", &urls))
        // A loaded machine may have more calls under way at the backend than the default budget pays for.
        .retry(
            RetryPolicy::new()
                .max(4)
                .base(Duration::from_millis(10))
                .no_budget(),
        )
        .total(Duration::from_secs(20))
        .build()
        .unwrap();
    let first = Instant::now();
    let calls = tokio::spawn(five_hundred_a_second(client.clone(), LENGTH));
    let posts = tokio::spawn(numbered_posts(client.clone(), LENGTH));
    sleep(Duration::from_secs(1)).await;
    dies.kill();
    let killed = first.elapsed();
    sleep(Duration::from_secs(1)).await;
    let starting = first.elapsed();
    dies.restart();
    let started = first.elapsed();

    let calls = calls.await.unwrap();
    assert!(calls.len() >= 1_900, "{}: 500 a second", calls.len());
    let failed: Vec<_> = calls
        .iter()
        .filter_map(|call| call.as_ref().err())
        .collect();
    assert!(
        failed.is_empty(),
        "{} of {}: {failed:?}",
        failed.len(),
        calls.len()
    );
    let of = |by: SocketAddr, is_in: &dyn Fn(&Answered) -> bool| {
        let answered = calls.iter().flatten();
        answered.filter(|call| call.by == by && is_in(call)).count()
    };
    let before = |call: &Answered| call.ended < killed;
    let meanwhile = |call: &Answered| call.began > killed && call.ended < starting;
    let after = |call: &Answered| call.began > started;
    let counts = [dies.address, lives.address]
        .map(|by| [of(by, &before), of(by, &meanwhile), of(by, &after)]);
    let [[before, meanwhile, after], [_, by_the_other, _]] = counts;
    assert!(before > 0 && after > 0 && by_the_other > 0, "{counts:?}");
    assert_eq!(meanwhile, 0, "{counts:?}");

    // The one that was killed may have had an effect that it told nobody of. So such a POST fails, and is not sent again.
    let (posts, effects) = (posts.await.unwrap(), effects.counts());
    assert!(posts.len() >= 190, "{}", posts.len());
    for (number, is_answered) in posts {
        let count = effects.get(&number).copied().unwrap_or(0);
        let may_be = if is_answered { 1..=1 } else { 0..=1 };
        assert!(may_be.contains(&count), "{number}: {count} effects");
    }
}

/// One of three answers after three seconds, and the others after three milliseconds. (A loaded machine takes much
/// longer than that, but not as long as the slow one.)
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_backend_of_three_gets_few_calls() {
    let mut urls = Vec::new();
    let mut asked: Vec<Arc<AtomicU32>> = Vec::new();
    for ms in [3, 3, 3000] {
        let count = Arc::new(AtomicU32::new(0));
        asked.push(Arc::clone(&count));
        let work = move || {
            count.fetch_add(1, Ordering::Relaxed);
            async move { sleep(Duration::from_millis(ms)).await }
        };
        let app = Router::new().route("/work", get(work));
        urls.push(format!("http://{}", serve(app).await));
    }
    let client = Client::builder("peers-slow")
        .endpoints(Endpoints::list(urls).unwrap())
        .build()
        .unwrap();
    let calls = five_hundred_a_second(client, Duration::from_secs(2)).await;
    let failed: Vec<_> = calls
        .iter()
        .filter_map(|call| call.as_ref().err())
        .collect();
    assert!(failed.is_empty(), "{failed:?}");
    let count = u32::try_from(calls.len()).unwrap();
    let slow = asked[2].load(Ordering::Relaxed);
    assert!(slow * 20 < count, "{slow} of {count}: under 5 %");
}
