//! The same over HTTP/2, against hyper's server.

use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use resil_http::client::{Client, ClientError};
use tokio::net::TcpListener;

use crate::{at_once, client, ms};

/// A server that never answers `/hang`, reads nothing of the body of `/full`, fails each first `/flaky`, and
/// returns the length of any other body.
async fn serve() -> SocketAddr {
    serve_with(200).await
}

/// That server, with so many requests at once on a connection.
async fn serve_with(streams: u32) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let calls = Arc::clone(&calls);
            let service = service_fn(move |request| answer(request, Arc::clone(&calls)));
            tokio::spawn(async move {
                let mut server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                server.max_concurrent_streams(streams);
                let _ = server.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    at
}

async fn answer(
    request: Request<Incoming>,
    calls: Arc<AtomicUsize>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let mut response = Response::new(Full::default());
    match head.uri.path() {
        "/hang" => pending().await,
        "/full" => {
            let _unread = body;
            return pending().await;
        }
        "/flaky" if calls.fetch_add(1, Ordering::SeqCst) == 0 => {
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        }
        _ => {
            let length = body.collect().await.unwrap().to_bytes().len();
            *response.body_mut() = Full::from(length.to_string());
        }
    }
    Ok(response)
}

async fn over_http2(name: &str) -> Client {
    client(name, serve().await)
        .read(ms(300))
        .write(ms(300))
        .retry(at_once(2))
        .http(reqwest::ClientBuilder::http2_prior_knowledge)
        .build()
        .unwrap()
}

#[tokio::test]
async fn bodies_arrive_and_what_fails_is_sent_again() {
    let client = over_http2("h2").await;
    for length in [0, 1, 64 << 10, 3 << 20] {
        let call = client.put("/").body(vec![b'x'; length]).send();
        let response = call.await.unwrap();
        assert_eq!(response.version(), http::Version::HTTP_2);
        assert_eq!(response.text().await.unwrap(), length.to_string());
    }
    let response = client.get("/flaky").send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.attempts()), (200, 2));
}

#[tokio::test]
async fn each_limit_fires_in_its_phase() {
    let client = over_http2("h2-limits").await;
    let error = client.post("/hang").send().await.unwrap_err();
    assert!(matches!(error, ClientError::Read { .. }), "{error:?}");
    // Flow control stops the body.
    let large = vec![b'x'; 3 << 20];
    let error = client.post("/full").body(large).send().await.unwrap_err();
    assert!(matches!(error, ClientError::Write { .. }), "{error:?}");
    // The connection goes on.
    assert_eq!(client.get("/").send().await.unwrap().status(), 200);
}

/// The client's limits need no word of the connector: a request waits for a stream on a connection that is there.
#[tokio::test]
async fn write_bounds_a_body_that_gets_no_stream() {
    let client = client("h2-streams", serve_with(1).await)
        .connect(ms(200))
        .write(ms(300))
        .http(reqwest::ClientBuilder::http2_prior_knowledge)
        .build()
        .unwrap();
    // The server has said by then how many requests it takes at once.
    client.put("/").body("x").send().await.unwrap();
    let hangs = client.get("/hang").send();
    let waits = async {
        tokio::time::sleep(ms(50)).await;
        client.put("/").body(vec![b'x'; 1 << 20]).send().await
    };
    let waits = tokio::time::timeout(Duration::from_secs(5), waits);
    let error = tokio::select! {
        error = waits => error.unwrap().unwrap_err(),
        hung = hangs => panic!("{hung:?}"),
    };
    assert!(matches!(error, ClientError::Write { .. }), "{error:?}");
}

#[tokio::test]
async fn many_calls_share_a_connection_and_leave_nothing() {
    let client = over_http2("h2-many").await;
    client.get("/").send().await.unwrap();
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    let before = tasks();
    let calls = (0..50).map(|number| {
        let path = if number % 2 == 0 { "/" } else { "/hang" };
        tokio::spawn(client.post(path).send())
    });
    let mut failed = 0;
    for call in calls.collect::<Vec<_>>() {
        failed += usize::from(call.await.unwrap().is_err());
    }
    assert_eq!(failed, 25);
    crate::support::until("the tasks have ended", || tasks() <= before).await;
}
