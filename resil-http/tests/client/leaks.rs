//! After calls that failed in every way no connection and no task is left.

use resil_http::balance::Pool;
use resil_http::client::{Body, Client};
use tokio::runtime::Handle;

use crate::peer::{Do, Server, ok, send};
use crate::support::until;
use crate::{at_once, client, ms};

/// Without idle connections: what is left after a call is a leak.
fn without_pool(name: &str, server: &Server) -> resil_http::client::Builder {
    client(name, server).pool(Pool::new().max_idle_per_host(0))
}

/// Makes twenty calls at once, and waits until as many tasks run as before, and no connection is open.
async fn leave_nothing<F>(server: &Server, client: &Client, call: impl Fn(&Client) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let calls: Vec<_> = (0..20).map(|_| tokio::spawn(call(client))).collect();
    for call in calls {
        call.await.unwrap();
    }
    assert!(server.accepted() >= 20);
    until("the connections are closed", || server.open() == 0).await;
    until("the tasks have ended", || tasks() == before).await;
}

#[tokio::test]
async fn after_limits_that_passed() {
    let server = Server::start(|_, _| vec![Do::Hang]).await;
    let client = without_pool("leak-limits", &server)
        .read(ms(50))
        .retry(at_once(2))
        .build()
        .unwrap();
    leave_nothing(&server, &client, |client| {
        let call = client.get("/").send();
        async move { drop(call.await.unwrap_err()) }
    })
    .await;
}

#[tokio::test]
async fn after_bodies_that_stopped() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf";
    let server = Server::start(move |_, _| [send(head), vec![Do::Hang]].concat()).await;
    let client = without_pool("leak-bodies", &server)
        .read(ms(50))
        .build()
        .unwrap();
    leave_nothing(&server, &client, |client| {
        let call = client.get("/").send();
        async move { drop(call.await.unwrap().bytes().await.unwrap_err()) }
    })
    .await;
}

#[tokio::test]
async fn after_answers_whose_bodies_nobody_reads() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf";
    let server = Server::start(move |_, _| [send(head), vec![Do::Hang]].concat()).await;
    let client = without_pool("leak-unread", &server).build().unwrap();
    leave_nothing(&server, &client, |client| {
        let call = client.get("/").send();
        async move { drop(call.await.unwrap()) }
    })
    .await;
}

#[tokio::test]
async fn after_uploads_that_stalled_and_calls_that_were_dropped() {
    let server = Server::start(|_, _| vec![Do::Hang]).await;
    let client = without_pool("leak-uploads", &server)
        .write(ms(100))
        .build()
        .unwrap();
    leave_nothing(&server, &client, |client| {
        let stream = tokio_stream::pending::<Result<bytes::Bytes, std::io::Error>>();
        let stalled = client.put("/").body(Body::stream(stream)).send();
        let dropped = client.get("/").send();
        async move {
            assert!(tokio::time::timeout(ms(50), dropped).await.is_err());
            drop(stalled.await.unwrap_err());
        }
    })
    .await;
}

#[tokio::test]
async fn after_calls_that_went_well() {
    let server = Server::start(|_, _| ok()).await;
    let client = without_pool("leak-none", &server).build().unwrap();
    leave_nothing(&server, &client, |client| {
        let call = client.get("/").send();
        async move { drop(call.await.unwrap().text().await.unwrap()) }
    })
    .await;
}
