//! The pool: connections that died idle, how many there are, their age, and those that are opened beforehand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use resil_http::balance::{Balancer, Endpoints, Pool, PooledClient};
use resil_runtime::clock;

use crate::backends::{AT_ONCE, Does, send, start};
use crate::peer::{Do, Server};
use crate::support::{free_address, until};

const fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn of(name: &str, backends: &[&Server]) -> Balancer {
    let list = Endpoints::list(backends.iter().map(|backend| backend.url())).expect("endpoints");
    Balancer::new(name, list).expect("a list")
}

fn client(pool: Pool) -> PooledClient {
    PooledClient::new(pool, reqwest::Client::builder).expect("a client")
}

#[tokio::test]
async fn a_connection_that_died_idle_is_not_an_attempt() {
    let closes = Does {
        closes_idle_after: Some(millis(20)),
        ..AT_ONCE
    };
    let backend = start(closes).await;
    let balancer = of("connections.died", &[&backend]);
    let client = client(Pool::new());
    for _ in 0..30 {
        let picked = balancer.pick(&[], None).expect("an endpoint");
        send(&client, picked).await.expect("no failed request");
        // The server closes it meanwhile, and this side still has it in its pool.
        until("it is closed", || backend.open() == 0).await;
    }
    assert_eq!(backend.seen().len(), 30, "each was sent once");
    assert_eq!(backend.accepted(), 30);
    let stats = balancer.stats();
    assert_eq!((stats.ejected, stats.endpoints[0].picked), (0, 30));
}

#[tokio::test]
async fn idle_connections_are_bounded_and_closed_in_time() {
    let slow = Does {
        answers_after: millis(100),
        ..AT_ONCE
    };
    let backend = start(slow).await;
    let balancer = of("connections.idle", &[&backend]);
    let client = client(Pool::new().max_idle_per_host(3).idle_timeout(millis(300)));
    let all = (0..10).map(|_| send(&client, balancer.pick(&[], None).expect("an endpoint")));
    for answer in futures_util::future::join_all(all).await {
        answer.expect("an answer");
    }
    assert_eq!(backend.most_open(), 10);
    until("three are left", || backend.open() <= 3).await;
    until("none is left", || backend.open() == 0).await;
}

/// All connections of a host, idle or not: as many as may be pending there, and those that were being opened when
/// another one became idle.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pending_requests_bound_all_connections_to_a_host() {
    let slow = Does {
        answers_after: millis(5),
        ..AT_ONCE
    };
    let backend = start(slow).await;
    let list = Endpoints::list([backend.url()]).expect("an endpoint");
    let balancer = Balancer::builder("connections.total", list)
        .max_pending(4)
        .build()
        .expect("a list");
    let client = client(Pool::new().max_idle_per_host(4));
    let refused = Arc::new(AtomicUsize::new(0));
    let callers = (0..50).map(|_| {
        let (balancer, client, refused) = (balancer.clone(), client.clone(), Arc::clone(&refused));
        tokio::spawn(async move {
            for _ in 0..40 {
                if let Ok(picked) = balancer.pick(&[], None) {
                    send(&client, picked).await.expect("an answer");
                } else {
                    refused.fetch_add(1, SeqCst);
                    clock::sleep_until(clock::now() + millis(1)).await;
                }
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.expect("a caller");
    }
    assert!(refused.load(SeqCst) > 0);
    let most = backend.most_open();
    assert!((1..=8).contains(&most), "{most} were open at once");
}

#[tokio::test]
async fn a_connection_past_its_age_gets_no_further_request() {
    let backend = start(AT_ONCE).await;
    let balancer = of("connections.age", &[&backend]);
    let client = client(Pool::new().max_age(Some(millis(200))));
    let ask = async || {
        let picked = balancer.pick(&[], None).expect("an endpoint");
        send(&client, picked).await.expect("an answer");
    };
    ask().await;
    clock::sleep_until(clock::now() + millis(250)).await;
    ask().await;
    assert_eq!(backend.accepted(), 2);
    assert_eq!(client.renewals(), 1);
    // The old one is closed at once, as nobody uses it.
    until("the old one is closed", || backend.open() == 1).await;

    let forever =
        PooledClient::new(Pool::new().max_age(None), reqwest::Client::builder).expect("a client");
    for _ in 0..3 {
        send(&forever, balancer.pick(&[], None).expect("an endpoint"))
            .await
            .expect("an answer");
        clock::sleep_until(clock::now() + millis(250)).await;
    }
    assert_eq!((forever.renewals(), backend.accepted()), (0, 3));
}

#[tokio::test]
async fn a_request_that_is_under_way_outlives_the_age() {
    let slow = Does {
        answers_after: millis(500),
        ..AT_ONCE
    };
    let backend = start(slow).await;
    let balancer = of("connections.under_way", &[&backend]);
    let client = client(Pool::new().max_age(Some(millis(50))));
    let old = tokio::spawn({
        let (client, picked) = (
            client.clone(),
            balancer.pick(&[], None).expect("an endpoint"),
        );
        async move { send(&client, picked).await }
    });
    until("it is under way", || backend.seen().len() == 1).await;
    clock::sleep_until(clock::now() + millis(100)).await;
    send(&client, balancer.pick(&[], None).expect("an endpoint"))
        .await
        .expect("an answer");
    old.await.expect("a task").expect("an answer");
    assert!(client.renewals() >= 1);
}

#[tokio::test]
async fn connections_are_opened_beforehand() {
    let slow = Does {
        answers_after: millis(50),
        ..AT_ONCE
    };
    let (one, other) = (start(slow).await, start(slow).await);
    let mut urls = vec![one.url(), other.url()];
    // A port that nothing listens on.
    urls.push(format!("http://{}", free_address()));
    urls.push(Server::that_never_reads().await.url());
    let balancer = Balancer::new(
        "connections.warm",
        Endpoints::list(&urls).expect("endpoints"),
    )
    .expect("a list");
    let client = client(Pool::new());
    let warmed = client
        .warm_up(&balancer.endpoints(), "/health?of=all", 3, millis(1_000))
        .await;
    assert_eq!(warmed.answered, 6);
    let failed: Vec<_> = warmed
        .failed
        .iter()
        .map(|(endpoint, said)| (endpoint.to_string(), said))
        .collect();
    assert_eq!(failed.len(), 2, "{failed:?}");
    assert!(
        failed[0].0 == urls[2] && failed[0].1.contains("refused"),
        "{failed:?}"
    );
    assert!(
        failed[1].0 == urls[3] && failed[1].1 == "no answer within 1s",
        "{failed:?}"
    );
    assert_eq!(one.seen()[0].path, "/health?of=all");
    let opened = || [&one, &other].map(Server::accepted);
    assert_eq!(opened(), [3, 3]);
    // Requests find them.
    for backend in [&one, &other] {
        let balancer = of(
            &format!("connections.warm.{}", backend.at.port()),
            &[backend],
        );
        let all = (0..3).map(|_| send(&client, balancer.pick(&[], None).expect("an endpoint")));
        for answer in futures_util::future::join_all(all).await {
            answer.expect("an answer");
        }
    }
    assert_eq!(opened(), [3, 3]);
}

/// A server of HTTP/2 that sends its settings and never another byte: it answers no ping.
#[tokio::test]
async fn a_connection_of_http2_that_answers_no_ping_is_closed() {
    // An empty frame of settings.
    let settings = vec![0, 0, 0, 4, 0, 0, 0, 0, 0];
    let server = Server::start(move |_, _| vec![Do::Send(settings.clone()), Do::Hang]).await;
    let url = server.url();
    let pool = Pool::new().http2_ping(Some(millis(100)), millis(200));
    let client = PooledClient::new(pool, || reqwest::Client::builder().http2_prior_knowledge())
        .expect("a client");
    let request = tokio::spawn(async move { client.current()?.get(url).send().await });
    let answer = clock::within(clock::now() + millis(10_000), request).await;
    let error = answer
        .expect("it ends")
        .expect("a task")
        .expect_err("no answer");
    let mut text = format!("{error:?}");
    text.make_ascii_lowercase();
    assert!(
        text.contains("keepalive") || text.contains("keep-alive"),
        "{text}"
    );
}
