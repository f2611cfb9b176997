//! A client that is built, and one that can't be.

use resil_http::client::Client;

use crate::ms;

#[test]
fn debug_shows_the_limits_in_force() {
    let client = Client::builder("client-debug")
        .base_url("http://pay:8080")
        .build()
        .unwrap();
    let shown = format!("{client:?}");
    assert!(
        shown.starts_with(
            "Client { name: \"client-debug\", base_url: Some(\"http://pay:8080/\"), balancer: None, \
             pool: PooledClient { pool: Pool { max_idle_per_host: 32, idle_timeout: 50s, max_age: Some(1800s), \
             tcp_keepalive: Some(30s), ping_every: Some(30s), ping_timeout: 10s, counts_connections: false }, \
             renewals: 0, .. }, connect: 3s, \
             read: 10s, write: 5s, attempt: 10s, total: 30s, policies: [Retry("
        ),
        "{shown}"
    );
}

#[test]
fn a_client_that_can_not_be_built_says_what_to_write() {
    let refused = |builder: resil_http::client::Builder| builder.build().unwrap_err().to_string();
    assert_eq!(
        refused(
            Client::builder("client-refused")
                .attempt(ms(500))
                .total(ms(500))
        ),
        "`attempt` of `500ms` never fires: `total` ends at `500ms`\n\
         help: write `.attempt(..)` below `500ms`, or `.total(..)` above `500ms`"
    );
    assert!(refused(Client::builder("no name")).contains("name"));
    assert!(
        refused(Client::builder("client-refused").base_url("pay")).contains("`pay` is no base URL")
    );
    let mesh = Client::builder("client-refused").retried_by(resil_http::client::RetriedBy::Mesh);
    assert!(refused(mesh).contains("help: add `.mesh(Mesh::Envoy)`"));
}
