//! Several backends, of which one is killed, or is slow.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use resil_http::balance::Endpoints;
use resil_http::client::Client;
use resil_runtime::retry::RetryPolicy;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::process::Process;
use crate::support::serve;

/// Asks for `/work` 500 times a second for so long, and returns what failed.
async fn five_hundred_a_second(client: Client, length: Duration) -> (u32, Vec<String>) {
    let (mut calls, mut count) = (JoinSet::new(), 0);
    let began = Instant::now();
    while began.elapsed() < length {
        sleep_until(began + Duration::from_millis(2) * count).await;
        count += 1;
        let client = client.clone();
        calls.spawn(async move {
            let answer = client
                .get("/work")
                .send()
                .await
                .map_err(|e| e.to_string())?;
            let status = answer.status();
            answer.bytes().await.map_err(|e| e.to_string())?;
            if status.is_success() {
                Ok(())
            } else {
                Err(status.to_string())
            }
        });
    }
    let ended = calls.join_all().await;
    (count, ended.into_iter().filter_map(Result::err).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_is_killed_and_started_again_costs_no_call() {
    let (mut dies, lives) = (Process::start(), Process::start());
    let urls = [&dies, &lives].map(|backend| format!("http://{}", backend.address));
    let client = Client::builder("peers-killed")
        .endpoints(Endpoints::list(urls).unwrap())
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
    let calls = tokio::spawn(five_hundred_a_second(client, Duration::from_secs(4)));
    sleep(Duration::from_secs(1)).await;
    dies.kill();
    sleep(Duration::from_secs(1)).await;
    dies.restart();
    let (count, failed) = calls.await.unwrap();
    assert!(failed.is_empty(), "{} of {count}: {failed:?}", failed.len());
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
    let (count, failed) = five_hundred_a_second(client, Duration::from_secs(2)).await;
    assert!(failed.is_empty(), "{failed:?}");
    let slow = asked[2].load(Ordering::Relaxed);
    assert!(slow * 20 < count, "{slow} of {count}: under 5 %");
}
