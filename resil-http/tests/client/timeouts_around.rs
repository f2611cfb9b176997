//! A `#[timeout]` of the function that calls: it ends the call, and not the call itself.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use resil_http::client::{Client, ClientError};

use crate::peer::{Do, Server, send};
use crate::{client, ms};

/// Fetches something from a server that never says all of it.
#[resil::retry(max = 3, base = 1ms)]
#[resil::timeout(100ms)]
async fn fetch(client: &Client, path: &str, runs: &AtomicU32) -> Result<String, ClientError> {
    runs.fetch_add(1, SeqCst);
    client.get(path).send().await?.text().await
}

/// A `#[timeout]` around a call that ends it by itself is that of an attempt of its own function, which may be made
/// again. A call that ended first would take that for the deadline of its caller, and say so.
#[tokio::test]
async fn a_timeout_around_the_call_comes_first() {
    let server = Server::start(|_, seen| match &*seen.path {
        "/head" => vec![Do::Hang],
        "/body" => [
            send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n"),
            vec![Do::Hang],
        ]
        .concat(),
        _ => [
            send("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"),
            vec![Do::Flood],
        ]
        .concat(),
    })
    .await;
    let client = client("timeout-around", &server).build().unwrap();
    for path in ["/head", "/body", "/flood"] {
        let runs = AtomicU32::new(0);
        let error = fetch(&client, path, &runs).await.unwrap_err();
        assert!(
            matches!(
                error,
                ClientError::Refused(resil::Error::Timeout {
                    inherited: false,
                    ..
                })
            ),
            "{path}: {error:?}"
        );
        assert_eq!(runs.load(SeqCst), 3, "{path}");
    }
}

/// The task is looked at late: both have passed by then.
#[tokio::test]
async fn a_timeout_around_the_call_comes_first_where_both_are_late() {
    let server = Server::start(|_, _| vec![Do::Hang]).await;
    let client = client("timeout-around-late", &server).build().unwrap();
    let runs = AtomicU32::new(0);
    let block = async {
        for _ in 0..4 {
            tokio::time::sleep(ms(60)).await;
            std::thread::sleep(ms(80));
        }
        std::future::pending::<()>().await;
    };
    let error = tokio::select! {
        fetched = fetch(&client, "/head", &runs) => fetched.unwrap_err(),
        () = block => unreachable!("it goes on"),
    };
    assert!(
        matches!(
            error,
            ClientError::Refused(resil::Error::Timeout {
                inherited: false,
                ..
            })
        ),
        "{error:?}"
    );
    assert_eq!(runs.load(SeqCst), 3);
}

/// So it is with the deadline of a server: it answers 504, whatever the handler would make of an error.
#[cfg(feature = "axum")]
#[tokio::test]
async fn the_deadline_of_a_server_comes_first() {
    use axum::Router;
    use axum::routing::get;
    use http::StatusCode;
    use resil_http::server::DeadlineLayer;

    let backend = Server::start(|_, _| vec![Do::Hang]).await;
    let to_backend = client("deadline-around", &backend).build().unwrap();
    let handler = move || {
        let call = to_backend.get("/").send();
        async move {
            call.await
                .map_or(StatusCode::BAD_GATEWAY, |answer| answer.status())
        }
    };
    let app = Router::new()
        .route("/", get(handler))
        .layer(DeadlineLayer::new().max(ms(50)));
    let at = crate::support::serve(app).await;
    let client = client("deadline-of-server", at).no_retry().build().unwrap();
    for _ in 0..5 {
        assert_eq!(client.get("/").send().await.unwrap().status(), 504);
    }
}
