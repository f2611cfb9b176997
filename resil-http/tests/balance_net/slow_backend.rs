//! One slow backend of three, over sockets.

use std::time::Duration;

use resil_http::balance::{Balancer, Endpoints, Pool, PooledClient};
use resil_runtime::clock;

use crate::backends::{AT_ONCE, Does, send, start};
use crate::peer::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_slow_backend_of_three_gets_under_5_percent_within_2_s() {
    let slow = Does {
        answers_after: Duration::from_millis(500),
        ..AT_ONCE
    };
    let backends = [
        start(AT_ONCE).await,
        start(AT_ONCE).await,
        start(slow).await,
    ];
    let list = Endpoints::list(backends.iter().map(Server::url)).expect("endpoints");
    let balancer = Balancer::new("slow_backend", list).expect("a list");
    let client = PooledClient::new(Pool::new(), reqwest::Client::builder).expect("a client");
    let began = clock::now();
    let mut requests = Vec::new();
    while began.elapsed() < Duration::from_secs(2) {
        let (balancer, client) = (balancer.clone(), client.clone());
        requests.push(tokio::spawn(async move {
            let picked = balancer.pick(&[], None).expect("an endpoint");
            send(&client, picked).await
        }));
        clock::sleep_until(clock::now() + Duration::from_millis(5)).await;
    }
    let all = requests.len();
    for request in requests {
        request.await.expect("a task").expect("an answer");
    }
    let counts = backends.each_ref().map(|backend| backend.seen().len());
    assert_eq!(counts.iter().sum::<usize>(), all);
    assert!(counts[2] * 20 < all, "{counts:?} of {all}");
    let stats = balancer.stats();
    assert!(
        stats.endpoints.iter().all(|endpoint| endpoint.pending == 0),
        "{stats:?}"
    );
}
