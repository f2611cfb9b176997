//! A client with several endpoints.

use std::net::SocketAddr;

use resil_http::balance::{Balancer, Endpoint, Endpoints, Strategy};
use resil_http::client::{Builder, Client, ClientError};
use resil_runtime::circuit::CircuitPolicy;
use tower::discover::Change;

use crate::peer::{Do, Server, answer, ok, send};
use crate::support::{free_address, until};
use crate::{LONG, at_once, ms};

fn endpoints(at: &[SocketAddr]) -> Endpoints {
    Endpoints::list(at.iter().map(|at| format!("http://{at}"))).unwrap()
}

/// A client whose endpoints take turns.
fn in_turn(name: &str, at: &[SocketAddr]) -> Builder {
    let balancer = Balancer::builder(format!("client-{name}.endpoints"), endpoints(at))
        .strategy(Strategy::RoundRobin)
        .ejection(CircuitPolicy::new().failures(2))
        .build()
        .unwrap();
    Client::builder(format!("client-{name}"))
        .balancer(balancer)
        .attempt(LONG)
        .total(LONG * 2)
        .retry(at_once(3))
}

async fn that_fails() -> Server {
    Server::start(|_, _| answer(503, &[], "")).await
}

async fn that_is_well() -> Server {
    Server::start(|_, _| ok()).await
}

#[tokio::test]
async fn a_retry_goes_to_another_endpoint() {
    let (bad, good) = (that_fails().await, that_is_well().await);
    let client = in_turn("elsewhere", &[bad.at, good.at]).build().unwrap();
    for _ in 0..4 {
        let response = client.get("/x").send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(response.attempts() <= 2);
        assert_eq!(response.remote_addr(), Some(good.at));
    }
    assert!(!bad.seen().is_empty());
    let seen = &good.seen()[0];
    assert_eq!(seen.path, "/x");
    assert_eq!(seen.header("host"), Some(good.at.to_string().as_str()));
}

#[tokio::test]
async fn a_retry_goes_elsewhere_though_the_key_is_that_of_one_endpoint() {
    let (bad, good) = (that_fails().await, that_is_well().await);
    let balancer = Balancer::builder(
        "client-key-elsewhere.endpoints",
        endpoints(&[bad.at, good.at]),
    )
    .strategy(Strategy::ConsistentHash)
    .no_ejection()
    .build()
    .unwrap();
    let client = Client::builder("client-key-elsewhere")
        .balancer(balancer)
        .retry(at_once(2))
        .build()
        .unwrap();
    for key in 0..20 {
        let call = client.get("/").balance_key(format!("key-{key}"));
        assert_eq!(call.send().await.unwrap().status(), 200);
    }
    assert!(!bad.seen().is_empty());
}

#[tokio::test]
async fn a_post_goes_to_another_endpoint_where_one_is_closed_and_nowhere_twice() {
    let good = that_is_well().await;
    let client = in_turn("post-elsewhere", &[free_address(), good.at])
        .build()
        .unwrap();
    for _ in 0..10 {
        let response = client.post("/").body("once").send().await.unwrap();
        assert_eq!(response.status(), 200);
    }
    assert_eq!(good.seen().len(), 10);
}

#[tokio::test]
async fn an_endpoint_that_fails_is_taken_out() {
    let (bad, good) = (that_fails().await, that_is_well().await);
    let client = in_turn("out", &[bad.at, good.at]).build().unwrap();
    for _ in 0..20 {
        client.get("/").send().await.unwrap();
    }
    assert_eq!(bad.seen().len(), 2);
    let stats = client.balancer().unwrap().stats();
    assert_eq!(stats.ejected, 1);
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_in_time_is_taken_out() {
    let silent = Server::start(|_, _| vec![Do::Hang]).await;
    let good = that_is_well().await;
    let client = in_turn("silent", &[silent.at, good.at])
        .read(ms(50))
        .build()
        .unwrap();
    for _ in 0..8 {
        assert_eq!(client.get("/").send().await.unwrap().status(), 200);
    }
    assert_eq!(silent.seen().len(), 2);
}

#[tokio::test]
async fn an_answer_that_blames_the_caller_takes_nothing_out() {
    let server = Server::start(|_, _| answer(404, &[], "")).await;
    let client = in_turn("blamed", &[server.at]).build().unwrap();
    for _ in 0..5 {
        assert_eq!(client.get("/").send().await.unwrap().status(), 404);
    }
    assert_eq!(client.balancer().unwrap().stats().ejected, 0);
}

#[tokio::test]
async fn a_request_is_pending_until_its_body_has_ended() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nha";
    let server = Server::start(move |number, _| match number {
        0 => ok(),
        _ => [send(head), vec![Do::Hang]].concat(),
    })
    .await;
    let client = in_turn("pending", &[server.at]).build().unwrap();
    let pending = || client.balancer().unwrap().stats().endpoints[0].pending;
    let response = client.get("/").send().await.unwrap();
    assert_eq!(pending(), 1);
    response.text().await.unwrap();
    assert_eq!(pending(), 0);
    let response = client.get("/").send().await.unwrap();
    assert_eq!(pending(), 1);
    drop(response);
    assert_eq!(pending(), 0);
}

#[tokio::test]
async fn the_path_of_the_base_url_stays() {
    let server = that_is_well().await;
    let client = in_turn("base", &[server.at])
        .base_url("http://pay/v1")
        .build()
        .unwrap();
    client.get("/x?a=1").send().await.unwrap();
    assert_eq!(server.seen()[0].path, "/v1/x?a=1");
}

#[tokio::test]
async fn a_key_goes_to_one_endpoint() {
    let servers = [
        that_is_well().await,
        that_is_well().await,
        that_is_well().await,
    ];
    let at: Vec<_> = servers.iter().map(|server| server.at).collect();
    let balancer = Balancer::builder("client-hash.endpoints", endpoints(&at))
        .strategy(Strategy::ConsistentHash)
        .build()
        .unwrap();
    let client = Client::builder("client-hash")
        .balancer(balancer)
        .build()
        .unwrap();
    let mut used = std::collections::HashSet::new();
    for key in 0..20 {
        let mut of_key = std::collections::HashSet::new();
        for _ in 0..3 {
            let call = client.get("/").balance_key(format!("key-{key}"));
            of_key.insert(call.send().await.unwrap().remote_addr());
        }
        assert_eq!(of_key.len(), 1);
        used.extend(of_key);
    }
    assert!(used.len() > 1);
}

#[tokio::test]
async fn endpoints_that_never_come_are_waited_for_as_long_as_for_a_connection() {
    let none = Endpoints::changes(tokio_stream::pending::<
        Result<Change<u8, Endpoint>, std::io::Error>,
    >());
    let client = Client::builder("client-none")
        .endpoints(none)
        .connect(ms(100))
        .no_retry()
        .build()
        .unwrap();
    let error = client.get("/").send().await.unwrap_err();
    assert!(
        matches!(error, ClientError::Connect { limit, .. } if limit == ms(100)),
        "{error:?}"
    );
}

#[tokio::test]
async fn endpoints_that_were_all_removed_are_said_to_be_gone() {
    let server = Server::start(|_, _| ok()).await;
    let (tell, told) = tokio::sync::mpsc::unbounded_channel();
    let told = futures_util::stream::unfold(told, |mut told| async move {
        let change: Change<u8, Endpoint> = told.recv().await?;
        Some((Ok::<_, std::io::Error>(change), told))
    });
    let client = Client::builder("client-gone")
        .endpoints(Endpoints::changes(told))
        .connect(ms(100))
        .no_retry()
        .build()
        .unwrap();
    let insert = || Change::Insert(1, server.url().parse::<Endpoint>().unwrap());
    let balancer = client.balancer().unwrap();
    for _ in 0..2 {
        tell.send(insert()).unwrap();
        assert_eq!(client.get("/").send().await.unwrap().status(), 200);
        tell.send(Change::Remove(1)).unwrap();
        until("it is gone", || balancer.endpoints().is_empty()).await;
        let began = std::time::Instant::now();
        let error = client.get("/").send().await.unwrap_err();
        assert!(matches!(error, ClientError::Balance(_)), "{error:?}");
        assert_eq!(
            error.to_string(),
            "`client-gone.endpoints` has no endpoint: all that were known have been removed"
        );
        assert!(
            error.is_unsent() && began.elapsed() >= ms(100),
            "another may come"
        );
    }
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn where_all_endpoints_are_full_nothing_is_sent() {
    let server = Server::start(|_, _| vec![Do::Hang]).await;
    let balancer = Balancer::builder("client-full.endpoints", endpoints(&[server.at]))
        .max_pending(1)
        .build()
        .unwrap();
    let client = Client::builder("client-full")
        .balancer(balancer)
        .no_retry()
        .build()
        .unwrap();
    let first = tokio::spawn(client.get("/").send());
    until("the first is pending", || server.seen().len() == 1).await;
    let error = client.get("/").send().await.unwrap_err();
    assert!(matches!(error, ClientError::Balance(_)), "{error:?}");
    assert!(error.is_unsent());
    assert_eq!(server.accepted(), 1);
    first.abort();
}

#[tokio::test]
async fn an_answer_that_is_whole_is_not_pending_any_more() {
    let server = Server::start(|_, seen| match seen.path.as_str() {
        "/204" => send("HTTP/1.1 204 No Content\r\n\r\n"),
        // The length of what `GET` would have.
        "/head" => send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"),
        _ => ok(),
    })
    .await;
    let balancer = Balancer::builder("client-whole.endpoints", endpoints(&[server.at]))
        .max_pending(1)
        .build()
        .unwrap();
    let client = Client::builder("client-whole")
        .balancer(balancer)
        .no_retry()
        .build()
        .unwrap();
    // All are kept: none of them is let go of by being dropped.
    let empty = client.get("/204").send().await.unwrap();
    let head = client.head("/head").send().await.unwrap();
    let mut read = client.get("/read").send().await.unwrap();
    let full = client.get("/full").send().await;
    assert!(
        matches!(full, Err(ClientError::Balance(_))),
        "its body is to come"
    );
    assert_eq!(read.chunk().await.unwrap().unwrap(), "ok");
    let next = client.get("/next").send().await.unwrap();
    assert_eq!(read.chunk().await.unwrap(), None);
    for answer in [empty, head] {
        assert_eq!(answer.bytes().await.unwrap(), "");
    }
    assert_eq!(next.bytes().await.unwrap(), "ok");
}

#[cfg(feature = "hedge")]
#[tokio::test]
async fn a_hedge_goes_to_another_endpoint() {
    use resil_runtime::hedge::{HedgeAfter, HedgePolicy};

    let silent = Server::start(|_, _| vec![Do::Hang]).await;
    let good = that_is_well().await;
    let client = in_turn("hedge-elsewhere", &[silent.at, good.at])
        .hedge(HedgePolicy::new(HedgeAfter::Delay(ms(30))))
        .build()
        .unwrap();
    for _ in 0..4 {
        let response = client.get("/").send().await.unwrap();
        assert_eq!(response.remote_addr(), Some(good.at));
    }
}

#[tokio::test]
async fn a_backend_that_is_killed_fails_no_call() {
    let (a, b) = (that_is_well().await, that_is_well().await);
    let client = in_turn("killed", &[a.at, b.at])
        // On a machine that is stalled half of the calls may be there at that moment: more than a budget pays.
        .retry(at_once(3).no_budget())
        .build()
        .unwrap();
    let calls = (0..300).map(|number| {
        let client = client.clone();
        tokio::spawn(async move {
            tokio::time::sleep(ms(number * 2)).await;
            client.get("/").send().await.unwrap().status()
        })
    });
    let calls: Vec<_> = calls.collect();
    until("it is in use", || a.seen().len() > 10).await;
    a.kill();
    for call in calls {
        assert_eq!(call.await.unwrap(), 200);
    }
    assert!(b.seen().len() > 100);
}
