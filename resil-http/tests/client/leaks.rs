//! After calls that failed in every way no connection and no task is left.

use hickory_resolver::proto::op::ResponseCode;
use resil_http::balance::{Endpoint, Endpoints, Pool};
use resil_http::client::{Body, Client, ClientError};
use tokio::runtime::Handle;
use tower::discover::Change;

use crate::dns_server::{DnsServer, Says};
use crate::peer::{Do, Server, answer, ok, send};
use crate::support::until;
use crate::{at_once, client, ms};

/// Without idle connections: what is left after a call is a leak.
fn without_pool(name: &str, server: &Server) -> resil_http::client::Builder {
    client(name, server).pool(Pool::new().max_idle_per_host(0))
}

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// Makes twenty calls at once, and waits until as many tasks run as before, and no connection is open.
async fn leave_nothing<F>(server: &Server, client: &Client, call: impl Fn(&Client) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let before = tasks();
    let calls: Vec<_> = (0..20).map(|_| tokio::spawn(call(client))).collect();
    for call in calls {
        call.await.unwrap();
    }
    assert!(server.accepted() >= 20);
    until("the connections are closed", || server.open() == 0).await;
    until("the tasks have ended", || tasks() == before).await;
}

/// Makes a call whose answer does not come, or not to its end.
fn no_whole_answer(client: &Client) -> impl Future<Output = ()> + use<> {
    let call = client.get("/").send();
    async move {
        let read = match call.await {
            Ok(answer) => answer.bytes().await,
            Err(error) => Err(error),
        };
        drop(read.unwrap_err());
    }
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

/// What is sent in the place of an answer, or of a part of one: after each of them the connection is gone.
#[tokio::test]
async fn after_answers_that_are_none() {
    for text in [
        "",
        "HTTP/1.1 200 OK\r\nx-a: ",
        "220 mail.test ESMTP\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhal",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\nhalf",
        "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nhalf",
    ] {
        let server = Server::start(move |_, _| [send(text), vec![Do::Close]].concat()).await;
        let client = without_pool("leak-none", &server)
            .no_retry()
            .build()
            .unwrap();
        leave_nothing(&server, &client, no_whole_answer).await;
    }
}

#[tokio::test]
async fn after_heads_and_chunks_without_an_end() {
    for (text, then) in [
        ("HTTP/1.1 200 OK\r\nx-a: ", Do::Drip(ms(5))),
        ("HTTP/1.1 200 OK\r\nx-a: ", Do::Flood),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nha",
            Do::Hang,
        ),
    ] {
        let server = Server::start(move |_, _| [send(text), vec![then.clone()]].concat()).await;
        let client = without_pool("leak-endless", &server)
            .read(ms(200))
            .no_retry()
            .build()
            .unwrap();
        leave_nothing(&server, &client, no_whole_answer).await;
    }
}

#[tokio::test]
async fn after_a_retry_after_of_every_kind() {
    for asked in [
        "1000000000000",
        "Fri, 31 Dec 2999 23:59:59 GMT",
        "-1",
        "soon",
        "1e3",
        "0.01",
        "0",
    ] {
        let server =
            Server::start(move |_, _| answer(429, &[&format!("retry-after: {asked}")], "no")).await;
        let client = without_pool("leak-after", &server)
            .retry(at_once(3).cap(ms(1000)))
            .build()
            .unwrap();
        leave_nothing(&server, &client, |client| {
            let call = client.get("/").send();
            async move { drop(call.await.unwrap().bytes().await.unwrap()) }
        })
        .await;
    }
}

/// A thousand changes a second of three endpoints, of which one is always there, under calls over sockets.
#[tokio::test]
async fn after_endpoints_that_change_a_thousand_times_a_second() {
    let mut servers = Vec::new();
    for _ in 0..3 {
        servers.push(Server::start(|_, _| ok()).await);
    }
    let before = tasks();
    let (tell, told) = tokio::sync::mpsc::unbounded_channel();
    let told = futures_util::stream::unfold(told, |mut told| async move {
        let change: Change<usize, Endpoint> = told.recv().await?;
        Some((Ok::<_, std::io::Error>(change), told))
    });
    let endpoint = |n: usize| servers[n].url().parse::<Endpoint>().unwrap();
    tell.send(Change::Insert(0, endpoint(0))).unwrap();
    let client = Client::builder("client-leak-changes")
        .endpoints(Endpoints::changes(told))
        .pool(Pool::new().max_idle_per_host(2))
        .build()
        .unwrap();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let client = client.clone();
        calls.spawn(async move {
            let (began, mut count) = (std::time::Instant::now(), 0_u32);
            while began.elapsed() < ms(2000) {
                let answer = client.get("/").send().await.unwrap();
                answer.bytes().await.unwrap();
                count += 1;
            }
            count
        });
    }
    let mut every = tokio::time::interval(ms(1));
    for change in 0..2_000_usize {
        every.tick().await;
        let n = 1 + change % 2;
        let change = match change / 2 % 2 {
            0 => Change::Insert(n, endpoint(n)),
            _ => Change::Remove(n),
        };
        tell.send(change).unwrap();
    }
    let counts = calls.join_all().await;
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    let stats = client.balancer().unwrap().stats();
    assert!(
        stats.endpoints.len() <= 3 && stats.updates > 100,
        "{stats:?}"
    );
    assert!(stats.endpoints.iter().all(|endpoint| endpoint.pending == 0));
    let idle = || servers.iter().all(|server| server.open() <= 2);
    until("no connections are open but idle ones", idle).await;
    assert!(servers[1].accepted() > 0 || servers[2].accepted() > 0);
    drop((client, tell));
    until("the connections are closed", || {
        servers.iter().all(|server| server.open() == 0)
    })
    .await;
    until("the tasks have ended", || tasks() <= before).await;
}

/// A name that DNS says nothing of, or fails for, or tells too late.
#[tokio::test]
async fn after_a_name_that_dns_does_not_tell() {
    for (says, is_told_once) in [
        (Says::Nothing, false),
        (Says::Code(ResponseCode::ServFail), false),
        (Says::Late(ms(900), vec![("127.0.0.1", 60)]), true),
    ] {
        let server = Server::start(|_, _| ok()).await;
        let dns = DnsServer::of_v4(says.clone()).await;
        let before = tasks();
        let service = dns.dns(&format!("http://pay.internal:{}", server.at.port()));
        let client = Client::builder("client-leak-dns")
            .endpoints(service.timeout(ms(3000)))
            .pool(Pool::new().max_idle_per_host(0))
            .connect(ms(200))
            .no_retry()
            .build()
            .unwrap();
        let calls: Vec<_> = (0..20)
            .map(|_| tokio::spawn(client.get("/").send()))
            .collect();
        for call in calls {
            let error = call.await.unwrap().unwrap_err();
            assert!(
                matches!(error, ClientError::Connect { .. } | ClientError::Balance(_)),
                "{says:?}: {error:?}"
            );
            assert!(error.is_unsent() && !error.to_string().is_empty());
        }
        assert_eq!(client.stats().under_way, 0);
        if is_told_once {
            let balancer = client.balancer().unwrap();
            until("DNS has told it", || !balancer.endpoints().is_empty()).await;
            client.get("/").send().await.unwrap().bytes().await.unwrap();
        }
        drop(client);
        until("the connections are closed", || server.open() == 0).await;
        until("the tasks have ended", || tasks() <= before).await;
    }
}
