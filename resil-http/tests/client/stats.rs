//! The figures of a client.

use resil_http::balance::{Pool, PooledClient};
use resil_http::client::Client;

use crate::peer::{BlackHole, Do, Server, ok};
use crate::support::{free_address, until};
use crate::{LONG, client, ms};

fn connections(client: &Client) -> (u64, u64, u64) {
    let counted = client.stats().pool.connections.expect("they are counted");
    (counted.opening, counted.opened, counted.failed)
}

#[tokio::test]
async fn a_client_without_endpoints_says_what_is_under_way_and_what_its_pool_may() {
    let server = Server::start(|number, _| match number {
        0 => vec![Do::Hang],
        _ => ok(),
    })
    .await;
    let pool = Pool::new().max_idle_per_host(3);
    let client = client("stats", &server).pool(pool).build().unwrap();
    let stats = client.stats();
    assert_eq!((stats.name, stats.under_way), ("client-stats", 0));
    assert!(stats.balancer.is_none());
    assert_eq!((stats.pool.settings, stats.pool.renewals), (pool, 0));
    assert_eq!(stats.pool.connections, None, "nobody has asked for that");

    let held = tokio::spawn(client.get("/").send());
    until("it is under way", || server.seen().len() == 1).await;
    assert_eq!(client.clone().stats().under_way, 1);
    let answer = client.get("/").send().await.unwrap();
    assert_eq!(
        client.stats().under_way,
        1,
        "the head of the other is there"
    );
    drop(answer);
    held.abort();
    assert!(held.await.unwrap_err().is_cancelled());
    assert_eq!(client.stats().under_way, 0);
    drop(client.get("no url: \n").send());
    assert_eq!(client.stats().under_way, 0);
}

#[tokio::test]
async fn connections_are_counted_where_that_was_asked_for() {
    let server = Server::start(|_, _| ok()).await;
    let counting = |name: &str, at: &dyn std::fmt::Display| {
        client(name, at)
            .pool(Pool::new().count_connections())
            .no_retry()
    };
    let client = counting("stats-counted", &server).build().unwrap();
    assert_eq!(connections(&client), (0, 0, 0));
    for _ in 0..3 {
        client.get("/").send().await.unwrap().text().await.unwrap();
    }
    assert_eq!(connections(&client), (0, 1, 0), "it is used again");

    let closed = counting("stats-closed", &free_address()).build().unwrap();
    closed.get("/").send().await.unwrap_err();
    assert_eq!(connections(&closed), (0, 0, 1));

    let hole = BlackHole::open().await;
    let hangs = counting("stats-hangs", &hole.at)
        .connect(ms(700))
        .build()
        .unwrap();
    let call = tokio::spawn(hangs.get("/").send());
    until("one is being made", || connections(&hangs) == (1, 0, 0)).await;
    call.await.unwrap().unwrap_err();
    until("it was given up", || connections(&hangs) == (0, 0, 1)).await;
    let call = tokio::spawn(hangs.get("/").send());
    until("one is being made", || connections(&hangs) == (1, 0, 1)).await;
    call.abort();
    // reqwest may go on with it in a task of its own, for the pool.
    until("it was given up", || connections(&hangs) == (0, 0, 2)).await;
}

#[tokio::test]
async fn they_are_counted_too_where_read_has_to_know_of_them() {
    let server = Server::start(|_, _| ok()).await;
    let client = client("stats-read", &server)
        .read(LONG / 2)
        .build()
        .unwrap();
    client.get("/").send().await.unwrap();
    assert_eq!(connections(&client), (0, 1, 0));
}

#[tokio::test]
async fn a_pool_by_itself_counts_too_and_goes_on_when_its_client_is_new() {
    let server = Server::start(|_, _| ok()).await;
    let pool = Pool::new().max_age(Some(ms(1))).count_connections();
    let client = PooledClient::new(pool, reqwest::Client::builder).unwrap();
    for _ in 0..2 {
        let http = client.current().unwrap();
        http.get(server.url()).send().await.unwrap();
        tokio::time::sleep(ms(5)).await;
    }
    let stats = client.stats();
    assert_eq!(stats.connections.map(|counted| counted.opened), Some(2));
    assert_eq!((stats.renewals, stats.settings), (client.renewals(), pool));
    assert!(stats.renewals >= 1);

    let uncounted = PooledClient::new(Pool::new(), reqwest::Client::builder).unwrap();
    assert_eq!(uncounted.stats().connections, None);
}
