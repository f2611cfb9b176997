//! A client whose endpoints are the addresses of a name: each request goes to one of them, and says the name.

use axum::Router;
use axum::extract::Request;
use axum::routing::get;
use resil_http::balance::{Balancer, Dns, Pool, Strategy};
use resil_http::client::{Builder, Client};

use crate::dns_server::{DnsServer, Says};
use crate::peer::{Server, answer, ok};
use crate::support::{serve, until};
use crate::{LONG, at_once, ms};

/// Two names of this machine, as DNS tells them of a service.
const HERE: [&str; 2] = ["127.0.0.1", "127.0.0.2"];

async fn says(addresses: &[&'static str]) -> DnsServer {
    let records = addresses.iter().map(|address| (*address, 60)).collect();
    DnsServer::of_v4(Says::Records(records)).await
}

fn client(name: &str, dns: Dns) -> Builder {
    Client::builder(format!("client-dns-{name}"))
        .endpoints(dns)
        .attempt(LONG)
        .total(LONG * 2)
}

#[tokio::test]
async fn a_request_says_the_name_and_its_connection_is_used_again() {
    let server = Server::start(|_, _| ok()).await;
    let port = server.at.port();
    let dns = says(&HERE[..1]).await;
    let dns = dns.dns(&format!("http://pay.internal:{port}"));
    let client = client("name", dns).build().unwrap();
    for _ in 0..3 {
        let response = client.get("/x?a=1").send().await.unwrap();
        assert_eq!(response.remote_addr(), Some(server.at));
        let url = format!("http://pay.internal:{port}/x?a=1");
        assert_eq!(response.url().as_str(), url);
        response.bytes().await.unwrap();
        let seen = server.seen().pop().unwrap();
        assert_eq!(seen.header("host"), Some(&*format!("pay.internal:{port}")));
    }
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn a_redirect_to_another_host_says_that_one() {
    let other = Server::start(|_, _| ok()).await;
    let there = format!("localhost:{}", other.at.port());
    let location = format!("location: http://{there}/");
    let server = Server::start(move |_, _| answer(302, &[&location], "")).await;
    let dns = says(&HERE[..1]).await;
    let dns = dns.dns(&format!("http://pay.internal:{}", server.at.port()));
    let client = client("redirect", dns).build().unwrap();
    assert_eq!(client.get("/").send().await.unwrap().status(), 200);
    assert_eq!(other.seen()[0].header("host"), Some(&*there));
}

#[tokio::test]
async fn over_http2_the_authority_is_the_name() {
    let say = |request: Request| async move {
        let host = request.headers().get("host").cloned();
        format!("{:?} {host:?}", request.uri().authority())
    };
    let at = serve(Router::new().route("/", get(say))).await;
    let dns = says(&HERE[..1]).await;
    let dns = dns.dns(&format!("http://pay.internal:{}", at.port()));
    let client = client("http2", dns).http(reqwest::ClientBuilder::http2_prior_knowledge);
    let response = client.build().unwrap().get("/").send().await.unwrap();
    let said = response.text().await.unwrap();
    assert_eq!(said, format!("Some(pay.internal:{}) None", at.port()));
}

#[tokio::test]
async fn a_retry_goes_to_another_address() {
    let bad = Server::start(|_, _| answer(503, &[], "")).await;
    let port = bad.at.port();
    let good = Server::start_at(
        (HERE[1].parse::<std::net::IpAddr>().unwrap(), port).into(),
        |_, _| ok(),
    )
    .await;
    let dns = says(&HERE).await;
    let dns = dns.dns(&format!("http://pay.internal:{port}"));
    let client = client("retry", dns).retry(at_once(2)).build().unwrap();
    for _ in 0..10 {
        let response = client.get("/").send().await.unwrap();
        assert_eq!(response.remote_addr(), Some(good.at));
    }
    assert!(!bad.seen().is_empty());
}

#[tokio::test]
async fn clients_of_one_balancer_have_settings_of_their_own() {
    let server = Server::start(|_, _| ok()).await;
    let dns = says(&HERE[..1]).await;
    let dns = dns.dns(&format!("http://pay.internal:{}", server.at.port()));
    let balancer = Balancer::builder("client-dns-own.endpoints", dns)
        .strategy(Strategy::RoundRobin)
        .build()
        .unwrap();
    for agent in ["first/1", "second/2"] {
        let client = Client::builder(format!("client-dns-own-{agent}").replace('/', "-"))
            .balancer(balancer.clone())
            .http(move |http| http.user_agent(agent));
        client.build().unwrap().get("/").send().await.unwrap();
        let seen = server.seen().pop().unwrap();
        assert_eq!(seen.header("user-agent"), Some(agent));
    }
}

#[tokio::test]
async fn connections_are_opened_beforehand() {
    let server = Server::start(|_, _| ok()).await;
    let port = server.at.port();
    let dns = says(&HERE[..1]).await;
    let dns = dns.dns(&format!("http://pay.internal:{port}"));
    let client = client("warm", dns).build().unwrap();
    let balancer = client.balancer().unwrap();
    balancer.ready().await.unwrap();
    let endpoints = balancer.endpoints();
    let warmed = client.pool().warm_up(&endpoints, "/ready", 1, LONG).await;
    assert_eq!(warmed.answered, 1, "{:?}", warmed.failed);
    let seen = server.seen().pop().unwrap();
    assert_eq!(seen.header("host"), Some(&*format!("pay.internal:{port}")));
    client.get("/").send().await.unwrap();
    assert_eq!(server.accepted(), 1);
}

/// Each address has a client of its own, which is renewed; the one that they share is never asked.
#[tokio::test]
async fn the_renewals_of_all_addresses_are_counted() {
    let one = Server::start(|_, _| ok()).await;
    let port = one.at.port();
    let other: std::net::IpAddr = HERE[1].parse().unwrap();
    let other = Server::start_at((other, port).into(), |_, _| ok()).await;
    let dns = says(&HERE[..1]).await;
    let often = dns.dns(&format!("http://pay.internal:{port}"));
    let often = often.min_ttl(ms(5)).max_ttl(ms(5));
    let pool = Pool::new().max_age(Some(ms(1)));
    let client = client("renewals", often).pool(pool).build().unwrap();
    let renewals_after = async |requests| {
        for _ in 0..requests {
            client.get("/").send().await.unwrap();
            tokio::time::sleep(ms(5)).await;
        }
        client.stats().pool.renewals
    };
    assert_eq!(renewals_after(4).await, 3, "all but the first");
    // Those of an address that is gone stay.
    dns.says_v4(Says::Records(vec![(HERE[1], 60)]));
    let known = || client.balancer().unwrap().endpoints();
    until("the other address", || {
        known()[0].authority() == other.at.to_string()
    })
    .await;
    assert_eq!(renewals_after(1).await, 3, "it is the first");
    assert_eq!(renewals_after(1).await, 4);
}
