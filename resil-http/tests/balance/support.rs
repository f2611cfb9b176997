//! Balancers for tests, and what comes of requests.

use std::time::Duration;

use resil_http::Verdict;
use resil_http::balance::{
    Balancer, BalancerBuilder, Endpoint, EndpointStats, Endpoints, Picked, Strategy,
};
use resil_runtime::Class;

/// A failure of the endpoint.
pub(crate) const FAILED: Verdict = Verdict::Failure {
    class: Class::Transient,
    may_repeat: true,
};

/// The endpoint number `n`.
pub(crate) fn url(n: usize) -> String {
    format!("http://10.0.0.{n}:8080")
}

pub(crate) fn authority(n: usize) -> String {
    format!("10.0.0.{n}:8080")
}

/// Begins a balancer over `count` endpoints, from 1 on. `name` has to be that of the test: breakers go by it.
pub(crate) fn of(name: &str, count: usize) -> BalancerBuilder {
    let list = Endpoints::list((1..=count).map(url)).expect("endpoints");
    Balancer::builder(name, list)
}

pub(crate) fn round_robin(name: &str, count: usize) -> Balancer {
    let builder = of(name, count).strategy(Strategy::RoundRobin);
    builder.build().expect("a list")
}

/// Picks for a request without a past and without a key.
pub(crate) fn pick(balancer: &Balancer) -> Picked {
    balancer.pick(&[], None).expect("an endpoint")
}

/// The number of the endpoint that was picked.
pub(crate) fn number(picked: &Picked) -> usize {
    let (host, _) = picked
        .endpoint()
        .authority()
        .split_once(':')
        .expect("a port");
    let number = host.rsplit('.').next().expect("an address");
    number.parse().expect("a number")
}

/// Picks `count` times, and says how often each endpoint was picked, from the first one on. Every request
/// succeeds.
pub(crate) fn shares(balancer: &Balancer, count: usize) -> Vec<usize> {
    let mut shares = vec![0; balancer.stats().endpoints.len()];
    for _ in 0..count {
        let picked = pick(balancer);
        shares[number(&picked) - 1] += 1;
        picked.end(&Verdict::Success);
    }
    shares
}

/// Lets requests to endpoint `n` fail until it is ejected; no others are sent.
pub(crate) fn eject(balancer: &Balancer, n: usize) {
    let all = balancer
        .stats()
        .endpoints
        .into_iter()
        .map(|endpoint| format!("http://{}", endpoint.authority));
    let all = all.map(|text| text.parse::<Endpoint>().expect("an endpoint"));
    let others: Vec<_> = all
        .filter(|endpoint| endpoint.authority() != authority(n))
        .collect();
    for _ in 0..5 {
        if !figures(balancer, n).is_ejected {
            let picked = balancer.pick(&others, None).expect("an endpoint");
            assert_eq!(number(&picked), n);
            picked.end(&FAILED);
        }
    }
    assert!(figures(balancer, n).is_ejected, "{:?}", balancer.stats());
}

pub(crate) fn figures(balancer: &Balancer, n: usize) -> EndpointStats {
    let stats = balancer.stats();
    let found = stats
        .endpoints
        .into_iter()
        .find(|endpoint| *endpoint.authority == authority(n));
    found.expect("an endpoint")
}

pub(crate) async fn advance(time: Duration) {
    tokio::time::advance(time).await;
}

pub(crate) const fn secs(s: u64) -> Duration {
    Duration::from_secs(s)
}

pub(crate) const fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}
