//! How much time is left is told to the other side.

use resil_http::client::{ClientError, DeadlineHeader};
use resil_http::outcome::was_not_sent;
use resil_runtime::Deadline;

use crate::peer::{Do, Seen, Server, answer, ok};
use crate::{at_once, client, ms, what};

fn told(seen: &Seen, header: &str) -> u64 {
    let value = seen.header(header).unwrap();
    value.trim_end_matches('m').parse().unwrap()
}

#[tokio::test]
async fn what_is_left_of_the_total_goes_into_the_headers_less_a_margin() {
    let server = Server::start(|_, _| ok()).await;
    let name = http::HeaderName::from_static("x-time-left");
    let client = client("told", &server)
        .attempt(ms(5000))
        .total(ms(20_000))
        .deadline_header(DeadlineHeader::GrpcTimeout)
        .deadline_header(DeadlineHeader::EnvoyExpected)
        .deadline_header(DeadlineHeader::millis())
        .deadline_header(DeadlineHeader::Millis(name))
        .deadline_margin(ms(1000))
        .build()
        .unwrap();
    client.get("/").send().await.unwrap();
    let seen = server.seen().pop().unwrap();
    assert!(seen.header("grpc-timeout").unwrap().ends_with('m'));
    for header in [
        "grpc-timeout",
        "x-envoy-expected-rq-timeout-ms",
        "x-request-timeout-ms",
        "x-time-left",
    ] {
        let told = told(&seen, header);
        assert!((10_000..=19_000).contains(&told), "{header}: {told}");
    }
}

#[tokio::test]
async fn none_is_sent_by_default() {
    let server = Server::start(|_, _| ok()).await;
    let client = client("not-told", &server).build().unwrap();
    client.get("/").send().await.unwrap();
    let seen = server.seen().pop().unwrap();
    assert!(seen.headers.keys().all(|name| !name.contains("timeout")));
}

#[tokio::test]
async fn a_sooner_deadline_of_the_caller_is_told() {
    let server = Server::start(|_, _| ok()).await;
    let client = client("told-sooner", &server)
        .deadline_header(DeadlineHeader::millis())
        .build()
        .unwrap();
    let call = client.get("/").header("x-request-timeout-ms", "99999999");
    Deadline::after(ms(5000)).scope(call.send()).await.unwrap();
    let told = told(&server.seen()[0], "x-request-timeout-ms");
    assert!((1..=4995).contains(&told), "{told}");
}

#[tokio::test]
async fn each_attempt_tells_what_is_left_then() {
    let server = Server::start(|number, _| match number {
        0 => [vec![Do::Pause(ms(300))], answer(503, &[], "")].concat(),
        _ => ok(),
    })
    .await;
    let client = client("told-each", &server)
        .retry(at_once(2))
        .deadline_header(DeadlineHeader::millis())
        .build()
        .unwrap();
    client.get("/").send().await.unwrap();
    let seen = server.seen();
    let (first, second) = (
        told(&seen[0], "x-request-timeout-ms"),
        told(&seen[1], "x-request-timeout-ms"),
    );
    assert!(second <= first - 300, "{first} {second}");
}

#[tokio::test]
async fn a_call_whose_deadline_has_passed_is_not_sent() {
    let server = Server::start(|_, _| ok()).await;
    let client = client("too-late", &server).build().unwrap();
    let call = Deadline::after(ms(0)).scope(client.get("/").send());
    let error = call.await.unwrap_err();
    assert!(
        matches!(error, ClientError::Deadline { attempts: 0, .. }),
        "{error:?}"
    );
    assert_eq!(
        what(&error),
        "the deadline of the caller has passed, and nothing was sent"
    );
    assert!(error.is_unsent());
    assert_eq!(server.accepted(), 0);
}

#[tokio::test]
async fn a_call_without_time_of_its_own_is_not_sent() {
    let server = Server::start(|_, _| ok()).await;
    let client = client("no-time", &server).build().unwrap();
    let error = client.post("/").total(ms(0)).send().await.unwrap_err();
    assert!(
        matches!(error, ClientError::Total { attempts: 0, .. }),
        "{error:?}"
    );
    assert_eq!(
        what(&error),
        "not done within 0ns (`total`), and nothing was sent"
    );
    assert!(error.is_unsent());
    assert!(was_not_sent(&error.into()));
    assert_eq!(server.accepted(), 0);
}

#[tokio::test]
async fn a_call_with_no_more_than_the_margin_left_is_not_sent() {
    let server = Server::start(|_, _| ok()).await;
    let client = client("margin", &server)
        .deadline_header(DeadlineHeader::millis())
        .deadline_margin(ms(5000))
        .build()
        .unwrap();
    let call = Deadline::after(ms(4000)).scope(client.get("/").send());
    assert!(matches!(
        call.await.unwrap_err(),
        ClientError::Deadline { attempts: 0, .. }
    ));
    assert_eq!(server.accepted(), 0);
    let call = Deadline::after(ms(9000)).scope(client.get("/").send());
    assert_eq!(call.await.unwrap().status(), 200);
}
