//! Requests to the addresses of a name.

use resil_http::balance::{Balancer, Pool, PooledClient, Strategy};

use crate::backends::{AT_ONCE, send, start};
use crate::dns_server::{DnsServer, Says};

#[tokio::test]
async fn a_request_goes_to_an_address_and_names_the_service() {
    let backend = start(AT_ONCE).await;
    let port = backend.at.port();
    let server = DnsServer::of_v4(Says::Records(vec![("127.0.0.1", 60)])).await;
    let dns = server.dns(&format!("http://pay.internal:{port}"));
    let balancer = Balancer::new("by_dns", dns).expect("a runtime");
    balancer.ready().await.expect("an address");
    let client = PooledClient::new(Pool::new(), reqwest::Client::builder).expect("a client");
    let picked = balancer.pick(&[], None).expect("an endpoint");
    let host = send(&client, picked).await.expect("an answer");
    assert_eq!(host, format!("pay.internal:{port}"));
}

#[tokio::test]
async fn an_address_where_nothing_listens_is_ejected() {
    let backend = start(AT_ONCE).await;
    let addresses = vec![("127.0.0.1", 60), ("127.0.0.77", 60)];
    let server = DnsServer::of_v4(Says::Records(addresses)).await;
    let dns = server.dns(&format!("http://pay.internal:{}", backend.at.port()));
    let builder = Balancer::builder("by_dns.nothing", dns).strategy(Strategy::RoundRobin);
    let balancer = builder.build().expect("a runtime");
    balancer.ready().await.expect("addresses");
    let client = PooledClient::new(Pool::new(), reqwest::Client::builder).expect("a client");
    let (mut answered, mut failed) = (0, 0);
    for _ in 0..50 {
        let picked = balancer.pick(&[], None).expect("an endpoint");
        match send(&client, picked).await {
            Ok(_) => answered += 1,
            Err(error) => {
                assert!(error.is_connect(), "{error:?}");
                failed += 1;
            }
        }
    }
    assert_eq!((answered, failed), (45, 5));
    assert_eq!(balancer.stats().ejected, 1);
}
