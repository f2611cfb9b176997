//! `https` where reqwest was built without TLS: nothing is sent, and the error says which feature to switch on.
//! (`tests/tls` has the client with TLS.)

use std::time::{Duration, Instant};

use resil_http::balance::{Balancer, Dns, Endpoint, Endpoints};
use resil_http::client::{Builder, Client, ClientError};
use resil_runtime::retry::RetryPolicy;
use resil_runtime::{Class, Classify};
use tower::discover::Change;

use crate::peer::{Server, answer};

const HELP: &str = "switch on the feature `client-rustls` of resil, or `native-tls` of reqwest";

/// A client whose second attempt would come late.
fn patient(name: &str) -> Builder {
    Client::builder(format!("client-{name}"))
        .retry(RetryPolicy::new().base(Duration::from_secs(8)))
        .total(Duration::from_secs(60))
}

#[tokio::test]
async fn a_client_is_not_built_for_what_it_can_not_ask() {
    let refused = |builder: Builder| builder.build().unwrap_err().to_string();
    let says =
        |url: &str| format!("`{url}` needs TLS, and reqwest was built without it\nhelp: {HELP}");
    let builder = || Client::builder("client-https-built");
    assert_eq!(
        refused(builder().base_url("https://me:secret@pay/v1")),
        says("https://...@pay/...")
    );
    let list = || Endpoints::list(["http://pay-1", "https://pay-2"]).unwrap();
    assert_eq!(
        refused(builder().endpoints(list())),
        says("https://pay-2:443")
    );
    let balancer = Balancer::new("https-built", list()).unwrap();
    assert_eq!(
        refused(builder().balancer(balancer)),
        says("https://pay-2:443")
    );
    let dns = Dns::of("https://pay.internal:8443").unwrap();
    assert_eq!(
        refused(builder().endpoints(dns)),
        says("https://pay.internal:8443")
    );
    // The host of this one is that of the endpoints.
    let plain = Endpoints::list(["http://pay-1"]).unwrap();
    let client = builder().base_url("https://pay/v1").endpoints(plain);
    assert!(client.build().is_ok());
}

#[tokio::test]
async fn a_url_of_https_is_refused_at_once_and_for_good() {
    let client = patient("https-call").build().unwrap();
    let began = Instant::now();
    let call = client.get("https://me:secret@pay/x?token=secret");
    let error = call.send().await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(4), "it was retried");
    let text = error.to_string();
    assert!(
        text.ends_with(&format!(
            "`https://pay:443` can't be asked, as reqwest was built without TLS: {HELP}"
        )),
        "{text}"
    );
    assert!(!text.contains("secret"), "{text}");
    assert!(matches!(error, ClientError::NoTls { .. }), "{error:?}");
    assert_eq!(error.classify(), Class::Permanent);
    assert!(error.is_unsent());
}

#[tokio::test]
async fn an_endpoint_of_https_that_comes_later_is_told_at_the_call() {
    let endpoint: Endpoint = "https://pay-3".parse().unwrap();
    let one = [Ok::<_, std::io::Error>(Change::Insert("pay-3", endpoint))];
    let changes = Endpoints::changes(tokio_stream::iter(one));
    let client = patient("https-changes").endpoints(changes).build().unwrap();
    let began = Instant::now();
    let error = client.get("/").send().await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(4), "it was retried");
    assert!(matches!(error, ClientError::NoTls { .. }), "{error:?}");
    let stats = client.balancer().unwrap().stats();
    assert_eq!((stats.endpoints[0].pending, stats.ejected), (0, 0));
}

#[tokio::test]
async fn a_redirect_to_https_is_refused_for_good_but_a_request_was_sent() {
    let server =
        Server::start(|_, _| answer(302, &["location: https://me:secret@pay/x"], "")).await;
    let client = patient("https-redirect")
        .base_url(format!("http://{server}"))
        .build()
        .unwrap();
    let began = Instant::now();
    let error = client.get("/").send().await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(4), "it was retried");
    let text = error.to_string();
    assert!(
        text.contains(
            "`https://pay:443` can't be asked after a redirect, as reqwest was built without TLS"
        ),
        "{text}"
    );
    assert_eq!(error.classify(), Class::Permanent);
    assert!(!error.is_unsent());
    assert_eq!(server.seen().len(), 1);

    let policy = reqwest::redirect::Policy::none();
    let stays = crate::client("https-stays", &server).redirect(policy);
    let answer = stays.build().unwrap().get("/").send().await.unwrap();
    assert_eq!(answer.status(), 302);
}
