//! Attempts to an endpoint that something around them cuts.

use std::time::Duration;

use resil_http::balance::{Balancer, Endpoints, Strategy};
use resil_http::client::{Builder, Client};
use resil_runtime::circuit::CircuitPolicy;
use resil_runtime::{Deadline, Stack};

use crate::peer::{Do, Server, ok};
use crate::{LONG, at_once, ms};

/// One that never answers, and one that does at once, which take turns. Two failures take one out.
async fn two(name: &str) -> (Server, Server, Builder) {
    let silent = Server::start(|_, _| vec![Do::Hang]).await;
    let good = Server::start(|_, _| ok()).await;
    let list = Endpoints::list([silent.url(), good.url()]).unwrap();
    let balancer = Balancer::builder(format!("client-cut-{name}.endpoints"), list)
        .strategy(Strategy::RoundRobin)
        .ejection(CircuitPolicy::new().failures(2))
        .build()
        .unwrap();
    let client = Client::builder(format!("client-cut-{name}"))
        .balancer(balancer)
        .attempt(LONG)
        .total(LONG * 2);
    (silent, good, client)
}

fn ejected(client: &Client) -> usize {
    let stats = client.balancer().unwrap().stats();
    assert!(stats.endpoints.iter().all(|endpoint| endpoint.pending == 0));
    stats.ejected
}

#[tokio::test]
async fn by_a_timeout_of_the_stack_it_has_failed() {
    let retried = Stack::new("client-cut-retried")
        .retry(at_once(3))
        .timeout(ms(50));
    let alone = Stack::new("client-cut-alone").timeout(ms(50));
    let around = Stack::new("client-cut-around")
        .timeout(ms(50))
        .retry(at_once(3));
    for stack in [retried, alone, around] {
        let (silent, _good, client) = two(stack.name()).await;
        let client = client.stack(stack).build().unwrap();
        for _ in 0..10 {
            let _ = client.get("/").send().await;
        }
        assert_eq!(
            (silent.seen().len(), ejected(&client)),
            (2, 1),
            "{client:?}"
        );
    }
}

#[cfg(feature = "hedge")]
#[tokio::test]
async fn by_a_hedge_that_was_faster_nothing_is_said() {
    use resil_runtime::hedge::{HedgeAfter, HedgePolicy};

    let (silent, _good, client) = two("hedged").await;
    let client = client
        .hedge(HedgePolicy::new(HedgeAfter::Delay(ms(10))))
        .build()
        .unwrap();
    for _ in 0..6 {
        client.get("/").send().await.unwrap();
    }
    assert!(silent.seen().len() > 2);
    assert_eq!(ejected(&client), 0);
}

#[tokio::test]
async fn by_the_caller_nothing_is_said() {
    let (silent, _good, client) = two("dropped").await;
    let stack = Stack::new("client-cut-dropped")
        .retry(at_once(3))
        .timeout(LONG);
    let client = client.stack(stack).build().unwrap();
    let patience = Duration::from_millis(30);
    for _ in 0..4 {
        let calls = (0..2).map(|_| tokio::time::timeout(patience, client.get("/").send()));
        let ended = futures_util::future::join_all(calls).await;
        assert_eq!(ended.iter().filter(|ended| ended.is_err()).count(), 1);
        let calls = (0..2).map(|_| Deadline::after(patience).scope(client.get("/").send()));
        let ended = futures_util::future::join_all(calls).await;
        assert_eq!(ended.iter().filter(|ended| ended.is_err()).count(), 1);
    }
    assert!(silent.seen().len() > 2);
    assert_eq!(ejected(&client), 0);
}
