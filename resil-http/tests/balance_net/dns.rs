//! The addresses of a name: asked for again by their TTL, and kept where DNS fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::RecordType;
use resil_http::balance::{BalanceError, Balancer, Dns, Family, Pool, PooledClient};
use resil_runtime::clock;
use url::Url;

use crate::dns_server::{DnsServer, Says};
use crate::support::until;

const fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Asks often, whatever the TTL says.
fn often(dns: Dns) -> Dns {
    dns.min_ttl(millis(20)).max_ttl(millis(20))
}

fn known(balancer: &Balancer) -> Vec<String> {
    let mut known: Vec<_> = balancer
        .endpoints()
        .iter()
        .map(|e| e.authority().to_owned())
        .collect();
    known.sort();
    known
}

fn last_fault(balancer: &Balancer) -> String {
    balancer
        .stats()
        .last_fault
        .as_deref()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
async fn each_address_is_an_endpoint_and_the_name_stays_in_the_request() {
    let addresses = vec![("10.0.0.1", 60), ("10.0.0.2", 60)];
    let server = DnsServer::of_v4(Says::Records(addresses)).await;
    let balancer =
        Balancer::new("dns.each", server.dns("http://pay.internal:8080")).expect("a runtime");
    balancer.ready().await.expect("two of them");
    assert_eq!(known(&balancer), ["10.0.0.1:8080", "10.0.0.2:8080"]);
    for endpoint in balancer.endpoints() {
        let mut url: Url = "http://pay.internal/charge?x=1".parse().expect("a URL");
        endpoint.rewrite(&mut url);
        assert_eq!(
            url.as_str(),
            format!("http://{}/charge?x=1", endpoint.authority())
        );
        assert_eq!(
            endpoint.host_header().expect("a header"),
            "pay.internal:8080"
        );
        let address = endpoint.address().expect("an address").to_string();
        assert_eq!(address, endpoint.authority());
    }
    assert_eq!(
        server.asked().len(),
        1,
        "of IPv6 it is asked only if there is nothing of IPv4"
    );
}

/// The certificate is for the name: so it stays in the URL, and the connection goes to the address.
#[tokio::test]
async fn over_https_each_address_has_a_client_of_its_own() {
    let server = DnsServer::of_v4(Says::Records(vec![("10.0.0.1", 60)])).await;
    let balancer =
        Balancer::new("dns.https", server.dns("https://pay.internal")).expect("a runtime");
    balancer.ready().await.expect("one");
    let endpoint = balancer.endpoints().remove(0);
    assert_eq!(endpoint.authority(), "10.0.0.1:443");
    let mut url: Url = "https://example/x".parse().expect("a URL");
    endpoint.rewrite(&mut url);
    assert_eq!(url.as_str(), "https://pay.internal/x");
    assert_eq!(endpoint.host_header(), None);
    let mut made = Vec::new();
    for _ in 0..2 {
        let own = endpoint.own_client(None, |name, address| {
            made.push(format!("{name} at {address}"));
            reqwest::Client::builder().build()
        });
        own.expect("its own").expect("a client");
    }
    assert_eq!(made, ["pay.internal at 10.0.0.1:443"], "once");
}

/// Two pools that share a balancer differ in what they send: user agents, certificates, proxies.
#[tokio::test]
async fn over_https_each_pool_has_clients_of_its_own() {
    let server = DnsServer::of_v4(Says::Records(vec![("10.0.0.1", 60)])).await;
    let balancer =
        Balancer::new("dns.pools", server.dns("https://pay.internal")).expect("a runtime");
    balancer.ready().await.expect("one");
    let endpoint = balancer.endpoints().remove(0);
    for _ in 0..2 {
        let made = Arc::new(AtomicUsize::new(0));
        let pool = {
            let made = Arc::clone(&made);
            PooledClient::new(Pool::new(), move || {
                made.fetch_add(1, Relaxed);
                reqwest::Client::builder()
            })
        };
        let pool = pool.expect("a client");
        for _ in 0..3 {
            pool.at(&endpoint).expect("its own");
        }
        assert_eq!(made.load(Relaxed), 2, "the shared one and its own");
    }
}

#[tokio::test]
async fn the_ttl_says_when_it_is_asked_again() {
    let server = DnsServer::of_v4(Says::Records(vec![("10.0.0.1", 1), ("10.0.0.2", 300)])).await;
    let balancer = Balancer::new("dns.ttl", server.dns("http://pay.internal")).expect("a runtime");
    balancer.ready().await.expect("two");
    server.says_v4(Says::Records(vec![("10.0.0.3", 300)]));
    until("the new address", || known(&balancer) == ["10.0.0.3:80"]).await;
    let asked = server.asked();
    assert_eq!(
        asked.len(),
        2,
        "once each second, the least TTL of all records"
    );
    let pause = asked[1].1 - asked[0].1;
    assert!(pause >= millis(1_000), "{pause:?}");
    // 300 s are not over, and nobody asks.
    clock::sleep_until(clock::now() + millis(1_200)).await;
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn the_ttl_of_an_alias_counts_too() {
    let server = DnsServer::of_v4(Says::Alias(1, vec![("10.0.0.1", 300)])).await;
    let balancer =
        Balancer::new("dns.alias", server.dns("http://pay.internal")).expect("a runtime");
    balancer.ready().await.expect("one");
    assert_eq!(known(&balancer), ["10.0.0.1:80"]);
    server.was_asked(2).await;
}

#[tokio::test]
async fn a_ttl_has_a_lower_and_an_upper_bound() {
    let server = DnsServer::of_v4(Says::Records(vec![("10.0.0.1", 0)])).await;
    let dns = server.dns("http://pay.internal").min_ttl(millis(300));
    let balancer = Balancer::new("dns.min", dns).expect("a runtime");
    server.was_asked(3).await;
    let asked = server.asked();
    assert!(
        asked
            .windows(2)
            .all(|pair| pair[1].1 - pair[0].1 >= millis(300)),
        "a TTL of 0 is no flood"
    );
    drop(balancer);

    let server = DnsServer::of_v4(Says::Records(vec![("10.0.0.1", 86_400)])).await;
    let dns = server
        .dns("http://pay.internal")
        .min_ttl(millis(1))
        .max_ttl(millis(50));
    let _balancer = Balancer::new("dns.max", dns).expect("a runtime");
    server.was_asked(3).await;
}

#[tokio::test]
async fn a_failure_an_empty_answer_and_silence_keep_the_last_good_ones_and_are_told() {
    let good = || Says::Records(vec![("10.0.0.1", 60)]);
    let cases = [
        (
            "servfail",
            Says::Code(ResponseCode::ServFail),
            "DNS of `pay.internal`: no answer for A: ",
        ),
        (
            "empty",
            Says::Code(ResponseCode::NoError),
            "DNS of `pay.internal`: no A record (No Error), no AAAA record (No Error): the endpoints stay as they are",
        ),
        (
            "gone",
            Says::Code(ResponseCode::NXDomain),
            "DNS of `pay.internal`: no A record (Non-Existent Domain), no AAAA record ",
        ),
        (
            "silent",
            Says::Nothing,
            "DNS of `pay.internal`: no answer for A",
        ),
        (
            "lies",
            Says::Records(vec![("0.0.0.0", 60), ("224.0.0.1", 60)]),
            "DNS of `pay.internal`: 0.0.0.0 is no address of a host, 224.0.0.1 is a multicast address, no AAAA",
        ),
    ];
    for (name, says, told) in cases {
        let server = DnsServer::of_v4(good()).await;
        let dns = often(server.dns("http://pay.internal")).timeout(millis(200));
        let balancer = Balancer::new(format!("dns.{name}"), dns).expect("a runtime");
        balancer.ready().await.expect("one");
        assert_eq!(balancer.stats().last_fault, None, "{name}");
        server.says_v4(says);
        until(name, || balancer.stats().faults >= 2).await;
        let fault = last_fault(&balancer);
        assert!(fault.starts_with(told), "{name}: {fault}");
        assert!(
            fault.ends_with("the endpoints stay as they are"),
            "{name}: {fault}"
        );
        assert_eq!(known(&balancer), ["10.0.0.1:80"], "{name}");
        assert!(balancer.pick(&[], None).is_ok(), "{name}");
        // And it comes back.
        server.says_v4(Says::Records(vec![("10.0.0.9", 60)]));
        until(name, || known(&balancer) == ["10.0.0.9:80"]).await;
    }
}

#[tokio::test]
async fn a_slow_answer_makes_nobody_wait_once_there_is_one() {
    let server = DnsServer::of_v4(Says::Records(vec![("10.0.0.1", 60)])).await;
    let dns = often(server.dns("http://pay.internal")).timeout(millis(8_000));
    let balancer = Balancer::new("dns.slow", dns).expect("a runtime");
    balancer.ready().await.expect("one");
    server.says_v4(Says::Late(millis(1_000), vec![("10.0.0.2", 60)]));
    let asked = server.asked().len();
    server.was_asked(asked + 1).await;
    // The question is out, and its answer is a second away.
    let began = clock::now();
    for _ in 0..100 {
        balancer.ready().await.expect("it is there");
        let picked = balancer.pick(&[], None).expect("it is there");
        assert_eq!(picked.endpoint().authority(), "10.0.0.1:80");
    }
    assert!(began.elapsed() < millis(500), "{:?}", began.elapsed());
    until("the slow answer", || known(&balancer) == ["10.0.0.2:80"]).await;
    assert_eq!(balancer.stats().faults, 0);
}

#[tokio::test]
async fn the_first_answer_is_waited_for() {
    let server = DnsServer::of_v4(Says::Late(millis(300), vec![("10.0.0.1", 60)])).await;
    let balancer =
        Balancer::new("dns.first", server.dns("http://pay.internal")).expect("a runtime");
    let error = balancer.pick(&[], None).expect_err("nothing is known");
    assert_eq!(
        error.to_string(),
        "`dns.first` has no endpoint: none is known yet"
    );
    balancer.ready().await.expect("it comes");
    assert!(balancer.pick(&[], None).is_ok());
}

#[tokio::test]
async fn a_first_answer_that_fails_is_the_error_and_goes_on_being_asked_for() {
    let server = DnsServer::of_v4(Says::Code(ResponseCode::NXDomain)).await;
    let dns = often(server.dns("http://pay.internal"));
    let balancer = Balancer::new("dns.no_first", dns).expect("a runtime");
    let error = balancer.ready().await.expect_err("there is no such name");
    assert!(matches!(error, BalanceError::NoEndpoint { .. }));
    let said = error.to_string();
    let begin =
        "`dns.no_first` has no endpoint: DNS of `pay.internal`: no A record (Non-Existent Domain)";
    assert!(said.starts_with(begin), "{said}");
    server.says_v4(Says::Records(vec![("10.0.0.1", 60)]));
    until("an address", || balancer.pick(&[], None).is_ok()).await;
}

#[tokio::test]
async fn lies_are_left_out_and_told_and_the_rest_is_used() {
    let records = vec![
        ("0.0.0.0", 60),
        ("10.0.0.1", 60),
        ("2001:db8::1", 60),
        ("10.0.0.1", 60),
    ];
    let server = DnsServer::of_v4(Says::Records(records)).await;
    let balancer = Balancer::new("dns.lies", server.dns("http://pay.internal")).expect("a runtime");
    balancer.ready().await.ok();
    until("the truth", || known(&balancer) == ["10.0.0.1:80"]).await;
    let fault = last_fault(&balancer);
    assert!(fault.contains("0.0.0.0 is no address of a host"), "{fault}");
    assert!(
        fault.contains("2001:db8::1 is of another family than was asked for"),
        "{fault}"
    );
}

#[tokio::test]
async fn ipv6_is_asked_for_where_there_is_no_ipv4() {
    let says = |kind| match kind {
        RecordType::AAAA => Says::Records(vec![("2001:db8::1", 60)]),
        _ => Says::Code(ResponseCode::NoError),
    };
    let server = DnsServer::start(says).await;
    let balancer =
        Balancer::new("dns.v6", server.dns("http://pay.internal:81")).expect("a runtime");
    balancer.ready().await.expect("one");
    assert_eq!(known(&balancer), ["[2001:db8::1]:81"]);
    let mut url: Url = "http://pay.internal/".parse().expect("a URL");
    balancer.endpoints()[0].rewrite(&mut url);
    assert_eq!(url.as_str(), "http://[2001:db8::1]:81/");

    let kinds = |server: &DnsServer| {
        server
            .asked()
            .iter()
            .map(|(kind, _)| *kind)
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds(&server), [RecordType::A, RecordType::AAAA]);
    let v6 = DnsServer::start(says).await;
    let dns = v6.dns("http://pay.internal").family(Family::V6);
    Balancer::new("dns.v6_alone", dns)
        .expect("a runtime")
        .ready()
        .await
        .expect("one");
    assert_eq!(kinds(&v6), [RecordType::AAAA]);
    let v4 = DnsServer::start(says).await;
    let dns = v4.dns("http://pay.internal").family(Family::V4);
    Balancer::new("dns.v4_alone", dns)
        .expect("a runtime")
        .ready()
        .await
        .expect_err("none of IPv4");
    assert_eq!(kinds(&v4), [RecordType::A]);
}

#[tokio::test]
async fn the_order_of_an_answer_is_no_change_and_the_task_ends_with_the_balancer() {
    let server = DnsServer::of_v4(Says::Records(vec![("10.0.0.1", 0), ("10.0.0.2", 0)])).await;
    let balancer =
        Balancer::new("dns.order", often(server.dns("http://pay.internal"))).expect("a runtime");
    balancer.ready().await.expect("two");
    let before = balancer.endpoints();
    let held = balancer.pick(&[], None).expect("an endpoint");
    server.says_v4(Says::Records(vec![("10.0.0.2", 0), ("10.0.0.1", 0)]));
    let updates = balancer.stats().updates;
    until("more updates", || balancer.stats().updates > updates + 2).await;
    assert_eq!(balancer.endpoints(), before);
    let stats = balancer.stats();
    assert_eq!(
        stats
            .endpoints
            .iter()
            .map(|endpoint| endpoint.pending)
            .sum::<u32>(),
        1
    );
    assert!(
        stats
            .endpoints
            .iter()
            .all(|endpoint| (endpoint.weight - 1.0).abs() < f64::EPSILON)
    );
    drop((held, balancer));
    let asked = server.asked().len();
    clock::sleep_until(clock::now() + millis(200)).await;
    assert!(server.asked().len() <= asked + 1, "nobody asks any more");
}
