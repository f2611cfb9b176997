//! Where a call was going, in its errors: the client and the authority, and nothing that may be secret.

use resil_http::balance::Endpoints;
use resil_http::client::{Client, ClientError};
use resil_runtime::Error;
use resil_runtime::circuit::CircuitPolicy;

use crate::peer::{Do, Server, answer, ok, send};
use crate::support::free_address;
use crate::{at_once, client, ms};

/// A path that nobody is to see.
const SECRET: &str = "/secret/path?token=secret";

/// The error names the client and `authority`, in words and to code, and no secret.
fn is_at(error: &ClientError, client: &str, authority: Option<&str>) {
    let place = error.place().unwrap();
    assert_eq!(
        (place.client(), place.authority()),
        (Some(client), authority),
        "{error:?}"
    );
    let text = error.to_string();
    let begins = match authority {
        Some(authority) => format!("`{client}` to {authority}: "),
        None => format!("`{client}`: "),
    };
    assert!(text.starts_with(&begins), "{text}");
    assert!(!text.contains("secret"), "{text}");
    assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    assert!(!format!("{place:?}").contains("secret"));
}

#[tokio::test]
async fn limits_that_pass_and_connections_that_break_say_where() {
    let server = Server::start(|_, seen| match &*seen.path {
        "/v1/secret/reset" => vec![Do::Reset],
        "/v1/secret/half" => {
            let half = send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf");
            [half, vec![Do::Close]].concat()
        }
        "/v1/secret/no-json" => answer(500, &[], "none"),
        _ => vec![Do::Hang],
    })
    .await;
    let at = server.at.to_string();
    let to = |name: &str, at: &str| {
        Client::builder(format!("client-{name}"))
            .base_url(format!("http://me:secret@{at}/v1"))
            .no_retry()
    };
    let place = |error: &ClientError| is_at(error, "client-place", Some(&at));
    let client = to("place", &at).read(ms(150)).build().unwrap();
    let error = client.get(SECRET).send().await.unwrap_err();
    assert!(matches!(error, ClientError::Read { .. }), "{error:?}");
    place(&error);
    let error = client.get(SECRET).attempt(ms(50)).send().await.unwrap_err();
    assert!(matches!(error, ClientError::Attempt { .. }), "{error:?}");
    place(&error);
    let error = client.get(SECRET).total(ms(50)).send().await.unwrap_err();
    assert!(matches!(error, ClientError::Total { .. }), "{error:?}");
    place(&error);
    let error = client.get("/secret/reset").send().await.unwrap_err();
    assert!(matches!(error, ClientError::Transport { .. }), "{error:?}");
    place(&error);

    // What comes with the body, and of it.
    let half = || client.get("/secret/half").send();
    place(&half().await.unwrap().bytes().await.unwrap_err());
    let mut part = half().await.unwrap();
    assert_eq!(part.chunk().await.unwrap().unwrap(), "half");
    place(&part.chunk().await.unwrap_err());
    let wrong = || client.get("/secret/no-json").send();
    place(&wrong().await.unwrap().error_for_status().unwrap_err());
    place(&wrong().await.unwrap().json::<u32>().await.unwrap_err());

    let closed = free_address().to_string();
    let client = to("place-closed", &closed).build().unwrap();
    let error = client.get(SECRET).send().await.unwrap_err();
    assert!(
        matches!(error, ClientError::NoConnection { .. }),
        "{error:?}"
    );
    is_at(&error, "client-place-closed", Some(&closed));
}

#[tokio::test]
async fn of_several_endpoints_it_is_the_last_one_that_was_asked() {
    let (one, other) = (free_address(), free_address());
    let endpoints = [one, other].map(|at| format!("http://{at}"));
    let client = Client::builder("client-place-endpoints")
        .endpoints(Endpoints::list(endpoints).unwrap())
        .retry(at_once(2))
        .build()
        .unwrap();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let error = client.get(SECRET).send().await.unwrap_err();
        let authority = error.place().unwrap().authority().unwrap().to_owned();
        is_at(&error, "client-place-endpoints", Some(&authority));
        seen.push(authority);
    }
    let known = [one.to_string(), other.to_string()];
    assert!(seen.iter().all(|at| known.contains(at)), "{seen:?}");
}

#[tokio::test]
async fn what_is_not_sent_says_what_is_known() {
    let server = Server::start(|_, _| ok()).await;
    let client = client("place-unsent", &server)
        .circuit(CircuitPolicy::new().failures(1))
        .build()
        .unwrap();
    let error = client.get("/").header("x", "\n").send().await.unwrap_err();
    assert!(matches!(error, ClientError::Request { .. }), "{error:?}");
    is_at(&error, "client-place-unsent", None);

    // A refusal has the name of its policy.
    resil_runtime::breaker("client-place-unsent").force_open();
    let error = client.get("/").send().await.unwrap_err();
    assert!(error.place().is_none());
    let ClientError::Refused(Error::CircuitOpen { name, .. }) = &error else {
        panic!("{error:?}");
    };
    assert!(error.to_string().contains(*name));
}
