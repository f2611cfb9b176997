//! Endpoints: what a list refuses, and how a URL is rewritten.

use resil_http::balance::{Balancer, Endpoint, Endpoints, MAX_ENDPOINTS};
use resil_runtime::{Class, Classify};
use url::Url;

use crate::support::url;

fn refused(list: &[&str]) -> String {
    Endpoints::list(list)
        .expect_err("it is refused")
        .to_string()
}

#[test]
fn a_list_that_cannot_be_used_is_refused_with_what_and_where() {
    let cases: [(&[&str], &str); 12] = [
        (
            &[],
            "the list of endpoints is empty: there is nowhere to send a request to",
        ),
        (
            &["http://a:1", "http://b:1", "http://A:1/"],
            "endpoint 3 of the list, `http://A:1/`, is the same as endpoint 1",
        ),
        (
            &["http://a", "http://a:80"],
            "endpoint 2 of the list, `http://a:80`, is the same as endpoint 1",
        ),
        (
            &["http://a:443", "https://a"],
            "endpoint 2 of the list, `https://a`, is the same as endpoint 1",
        ),
        (
            &["http://a:1", "b:1"],
            "endpoint 2 of the list, `b:1`, has no scheme: write `http://` or `https://` in front of it",
        ),
        (
            &[""],
            "endpoint 1 of the list, ``, has no scheme: write `http://` or `https://` in front of it",
        ),
        (
            &["ftp://a"],
            "endpoint 1 of the list, `ftp://a`, has the scheme `ftp`: only `http` and `https` can be sent to",
        ),
        (
            &["http://a:99999"],
            "endpoint 1 of the list, `http://a:99999`, is no URL: invalid port number",
        ),
        (
            &["http://a:0"],
            "endpoint 1 of the list, `http://a:0`, has the port 0, on which nothing listens",
        ),
        (
            &["http://me:secret@a"],
            "endpoint 1 of the list, `http://...@a`, has a user or a password in it: set them on the request",
        ),
        (
            &["http://me:secret@a:99999"],
            "endpoint 1 of the list, `http://...@a:99999`, is no URL: invalid port number",
        ),
        (
            &["http://a/api"],
            "endpoint 1 of the list, `http://a/...`, has a path, a query or a fragment: an endpoint ends with its \
             port, and the rest is of the request",
        ),
    ];
    for (list, said) in cases {
        assert_eq!(refused(list), said);
    }
}

#[test]
fn a_list_is_bounded() {
    let list = |count: usize| (0..count).map(|n| format!("http://pay-{n}"));
    assert!(Endpoints::list(list(MAX_ENDPOINTS)).is_ok());
    let error = Endpoints::list(list(MAX_ENDPOINTS + 1)).expect_err("too many");
    assert_eq!(error.to_string(), "the list has more than 1024 endpoints");
}

#[test]
fn a_url_is_rewritten_to_the_endpoint_and_keeps_the_rest() {
    let cases = [
        (
            "http://10.0.0.3:8080",
            "http://pay/a/b?c=d#e",
            "http://10.0.0.3:8080/a/b?c=d#e",
        ),
        (
            "https://pay-3.example",
            "http://pay:8080/",
            "https://pay-3.example/",
        ),
        (
            "http://[2001:db8::1]",
            "https://pay/",
            "http://[2001:db8::1]/",
        ),
        (
            "http://pay-3:80",
            "https://me:secret@pay:8443/x",
            "http://me:secret@pay-3/x",
        ),
    ];
    for (endpoint, from, to) in cases {
        let endpoint: Endpoint = endpoint.parse().expect("an endpoint");
        let mut url: Url = from.parse().expect("a URL");
        endpoint.rewrite(&mut url);
        assert_eq!(url.as_str(), to);
        assert_eq!((endpoint.host_header(), endpoint.address()), (None, None));
        let made = endpoint.own_client(None, |_, _| unreachable!("it goes over the shared client"));
        assert!(made.is_none());
    }
}

#[test]
fn the_authority_is_the_key_with_its_port_written_out() {
    let authority = |text: &str| text.parse::<Endpoint>().map(|e| e.authority().to_owned());
    assert_eq!(
        authority("HTTP://Pay.Example/").as_deref(),
        Ok("pay.example:80")
    );
    assert_eq!(authority("https://[::1]").as_deref(), Ok("[::1]:443"));
}

#[tokio::test(start_paused = true)]
async fn a_list_is_known_at_once() {
    let list = Endpoints::list([url(1)]).expect("an endpoint");
    let balancer = Balancer::new("endpoints.at_once", list).expect("a list");
    balancer.ready().await.expect("it is there");
    let picked = balancer.pick(&[], None).expect("it is there");
    assert_eq!(picked.endpoint().to_string(), url(1));
    assert_eq!(balancer.stats().updates, 1);
}

#[test]
fn endpoints_that_change_need_a_runtime_and_say_so() {
    let dns = Endpoints::dns("http://pay.internal").expect("a name");
    let error = Balancer::new("endpoints.no_runtime", dns).expect_err("no runtime");
    assert_eq!(
        error.to_string(),
        "`endpoints.no_runtime` follows endpoints that change, and has to be built inside of a tokio runtime"
    );
    assert_eq!(error.classify(), Class::Permanent);
}
