//! Each limit by itself: a server that stalls in just that phase, and the error that says so.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use resil_http::client::{Body, Client, ClientError};
use resil_runtime::Deadline;

use crate::peer::{BlackHole, Do, Names, Server, answer, ok, send};
use crate::support::free_address;
use crate::{LONG, at_once, client, ms, what};

/// Far above each limit here, and far below [`LONG`].
const SOON: Duration = Duration::from_secs(10);

/// Runs a call that has to be over soon.
async fn soon<T>(call: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let out = call.await;
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    out
}

#[tokio::test]
async fn connect_bounds_a_connection_that_is_not_accepted() {
    let hole = BlackHole::open().await;
    let client = client("connect", hole.at)
        .connect(ms(200))
        .no_retry()
        .build()
        .unwrap();
    let error = soon(client.get("/").send()).await.unwrap_err();
    assert!(
        matches!(error, ClientError::Connect { limit, .. } if limit == ms(200)),
        "{error:?}"
    );
    assert_eq!(
        error.to_string(),
        format!(
            "`client-connect` to {}: no connection within 200ms (`connect`)",
            hole.at
        )
    );
    assert!(error.is_timeout() && error.is_unsent());
}

#[tokio::test]
async fn connect_bounds_the_lookup_of_the_name() {
    let names = Arc::new(Names {
        pause: LONG,
        ..Names::of(&[free_address()])
    });
    let client = client("connect-name", "pay.test")
        .connect(ms(200))
        .no_retry()
        .http(move |http| http.dns_resolver(Arc::clone(&names)))
        .build()
        .unwrap();
    let error = soon(client.get("/").send()).await.unwrap_err();
    assert!(matches!(error, ClientError::Connect { .. }), "{error:?}");
}

#[tokio::test]
async fn the_time_of_a_connection_is_not_taken_for_a_silent_server() {
    let server = Server::start(|_, _| ok()).await;
    let names = Arc::new(Names {
        pause: ms(600),
        ..Names::of(&[server.at])
    });
    let client = client("slow-connect", "pay.test")
        .read(ms(300))
        .no_retry()
        .http(move |http| http.dns_resolver(Arc::clone(&names)))
        .build()
        .unwrap();
    assert_eq!(client.get("/").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_time_of_a_connection_is_not_taken_for_a_body_that_stands_still() {
    let server = Server::start(|_, _| ok()).await;
    let names = Arc::new(Names {
        pause: ms(600),
        ..Names::of(&[server.at])
    });
    let client = client("slow-connect-body", "pay.test")
        .write(ms(300))
        .no_retry()
        .http(move |http| http.dns_resolver(Arc::clone(&names)))
        .build()
        .unwrap();
    let body = vec![b'x'; 1 << 20];
    let answer = client.put("/").body(body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(server.seen()[0].body.len(), 1 << 20);
}

#[tokio::test]
async fn read_bounds_the_longer_attempt_of_one_call_and_leaves_it_the_time_of_a_connection() {
    let server = Server::start(|number, _| {
        let mut all = vec![Do::Pause(ms(400))];
        all.extend(if number == 0 { ok() } else { vec![Do::Hang] });
        all
    })
    .await;
    let names = Arc::new(Names {
        pause: ms(400),
        ..Names::of(&[server.at])
    });
    let client = client("longer-attempt", "pay.test")
        .connect(ms(500))
        .attempt(ms(600))
        .no_retry()
        .http(move |http| http.dns_resolver(Arc::clone(&names)))
        .build()
        .unwrap();
    let longer = || client.get("/").attempt(LONG).send();
    assert_eq!(longer().await.unwrap().status(), 200);
    let error = soon(longer()).await.unwrap_err();
    assert!(
        matches!(error, ClientError::Read { limit, .. } if limit == ms(600)),
        "{error:?}"
    );
}

#[tokio::test]
async fn write_bounds_a_body_that_the_server_does_not_read() {
    let server = Server::that_never_reads().await;
    let client = client("write", &server)
        .write(ms(300))
        .no_retry()
        .build()
        .unwrap();
    let bytes = Body::from(vec![b'x'; 64 << 20]);
    let stream = Body::stream(tokio_stream::iter(
        (0..1024).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 64 << 10]))),
    ));
    for body in [bytes, stream] {
        let error = soon(client.put("/").body(body).send()).await.unwrap_err();
        assert!(
            matches!(error, ClientError::Write { limit, .. } if limit == ms(300)),
            "{error:?}"
        );
        assert_eq!(
            what(&error),
            "no progress of the request's body for 300ms (`write`)"
        );
        assert!(!error.is_unsent());
    }
}

#[tokio::test]
async fn write_bounds_a_stream_that_gives_nothing() {
    let server = Server::start(|_, _| ok()).await;
    let client = client("write-source", &server)
        .write(ms(200))
        .no_retry()
        .build()
        .unwrap();
    let body = Body::stream(tokio_stream::pending::<Result<Bytes, std::io::Error>>());
    let error = soon(client.put("/").body(body).send()).await.unwrap_err();
    assert!(matches!(error, ClientError::Write { .. }), "{error:?}");
}

#[tokio::test]
async fn a_slow_body_that_makes_progress_is_sent() {
    let server = Server::start(|_, _| ok()).await;
    let client = client("write-slow", &server)
        .write(ms(400))
        .no_retry()
        .build()
        .unwrap();
    let (sender, body) = tokio::sync::mpsc::channel::<Result<Bytes, std::io::Error>>(1);
    tokio::spawn(async move {
        for _ in 0..8 {
            tokio::time::sleep(ms(100)).await;
            sender.send(Ok(Bytes::from_static(b"part"))).await.unwrap();
        }
    });
    let body = Body::stream(crate::bodies::Received(body));
    let answer = client.put("/").body(body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn read_bounds_the_wait_for_an_answer() {
    let server = Server::start(|_, _| vec![Do::Hang]).await;
    let client = client("read", &server)
        .read(ms(200))
        .no_retry()
        .build()
        .unwrap();
    let error = soon(client.get("/").send()).await.unwrap_err();
    assert!(
        matches!(error, ClientError::Read { limit, .. } if limit == ms(200)),
        "{error:?}"
    );
    assert_eq!(what(&error), "no byte of the answer for 200ms (`read`)");
}

#[tokio::test]
async fn read_bounds_a_chunked_body_that_stalls() {
    for stalls in ["", "4\r\nha", "4\r\nhalf\r\n", "4\r\nhalf\r\n0\r\n"] {
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        let text = format!("{head}{stalls}");
        let server = Server::start(move |_, _| [send(&text), vec![Do::Hang]].concat()).await;
        let client = client("read-chunked", &server)
            .read(ms(200))
            .build()
            .unwrap();
        let response = client.get("/").send().await.unwrap();
        let error = soon(response.bytes()).await.unwrap_err();
        assert!(
            matches!(error, ClientError::Read { limit, .. } if limit == ms(200)),
            "{stalls:?}: {error:?}"
        );
    }
}

#[tokio::test]
async fn read_counts_from_when_the_body_was_sent_though_write_is_longer() {
    let server = Server::start(|_, _| vec![Do::Hang]).await;
    let client = client("read-after-write", &server)
        .read(ms(200))
        .write(LONG / 2)
        .no_retry()
        .build()
        .unwrap();
    let body = vec![b'x'; 200 << 10];
    let error = soon(client.put("/").body(body).send()).await.unwrap_err();
    assert!(matches!(error, ClientError::Read { .. }), "{error:?}");
}

#[tokio::test]
async fn read_bounds_a_body_that_stops_in_the_middle() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf";
    let server = Server::start(move |_, _| [send(head), vec![Do::Hang]].concat()).await;
    let client = client("read-body", &server).read(ms(200)).build().unwrap();
    let mut response = client.get("/").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.chunk().await.unwrap().unwrap(), "half");
    let error = soon(response.chunk()).await.unwrap_err();
    assert!(matches!(error, ClientError::Read { .. }), "{error:?}");
    // After an error it ends.
    assert!(response.chunk().await.unwrap().is_none());
}

#[tokio::test]
async fn read_does_not_count_while_nobody_waits_for_the_body() {
    let server = Server::start(|_, _| answer(200, &[], "all of it")).await;
    let client = client("read-idle", &server).read(ms(100)).build().unwrap();
    let response = client.get("/").send().await.unwrap();
    tokio::time::sleep(ms(400)).await;
    assert_eq!(response.text().await.unwrap(), "all of it");
}

#[tokio::test]
async fn attempt_bounds_a_server_that_never_answers() {
    let server = Server::start(|_, _| vec![Do::Hang]).await;
    let client = Client::builder("client-attempt")
        .base_url(format!("http://{server}"))
        .attempt(ms(200))
        .no_retry()
        .build()
        .unwrap();
    let error = soon(client.get("/").send()).await.unwrap_err();
    assert!(
        matches!(error, ClientError::Attempt { limit, .. } if limit == ms(200)),
        "{error:?}"
    );
    assert_eq!(
        what(&error),
        "no answer to the request within 200ms (`attempt`)"
    );
}

#[tokio::test]
async fn attempt_is_not_for_the_body() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nha";
    let server =
        Server::start(move |_, _| [send(head), vec![Do::Pause(ms(600))], send("lf")].concat())
            .await;
    let client = Client::builder("client-attempt-body")
        .base_url(format!("http://{server}"))
        .attempt(ms(300))
        .read(LONG)
        .total(LONG * 2)
        .build()
        .unwrap();
    let response = client.get("/").send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "half");
}

#[tokio::test]
async fn each_attempt_has_its_limit_and_all_of_them_the_total() {
    let server = Server::start(|_, _| vec![Do::Hang]).await;
    let client = Client::builder("client-total")
        .base_url(format!("http://{server}"))
        .attempt(ms(150))
        .total(ms(400))
        .retry(at_once(100))
        .build()
        .unwrap();
    let error = soon(client.get("/").send()).await.unwrap_err();
    let ClientError::Total {
        limit, attempts, ..
    } = error
    else {
        panic!("{error:?}");
    };
    assert_eq!(limit, ms(400));
    assert_eq!(attempts, u32::try_from(server.seen().len()).unwrap());
    assert!(attempts >= 2, "{attempts}");
    assert_eq!(
        what(&error),
        format!("not done within 400ms (`total`), after {attempts} attempts")
    );
}

#[tokio::test]
async fn total_bounds_a_body_that_drips() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n";
    let server = Server::start(move |_, _| [send(head), vec![Do::Drip(ms(20))]].concat()).await;
    let client = client("drip", &server)
        .attempt(ms(300))
        .read(ms(300))
        .total(ms(500))
        .build()
        .unwrap();
    let response = client.get("/").send().await.unwrap();
    let error = soon(response.bytes()).await.unwrap_err();
    assert!(
        matches!(error, ClientError::Total { limit, attempts: 1, .. } if limit == ms(500)),
        "{error:?}"
    );
}

#[tokio::test]
async fn total_bounds_a_body_that_always_has_more() {
    let head = "HTTP/1.1 200 OK\r\n\r\n";
    let server = Server::start(move |_, _| [send(head), vec![Do::Flood]].concat()).await;
    let client = client("flood", &server)
        .attempt(ms(300))
        .total(ms(500))
        .build()
        .unwrap();
    let mut response = client.get("/").send().await.unwrap();
    let error = soon(async {
        loop {
            match response.chunk().await {
                Ok(part) => assert!(part.is_some()),
                Err(error) => return error,
            }
        }
    })
    .await;
    assert!(matches!(error, ClientError::Total { .. }), "{error:?}");
}

#[tokio::test]
async fn a_request_can_have_limits_of_its_own() {
    let server = Server::start(|_, _| vec![Do::Hang]).await;
    let client = client("own-limits", &server).no_retry().build().unwrap();
    let error = soon(client.get("/").attempt(ms(100)).send())
        .await
        .unwrap_err();
    assert!(
        matches!(error, ClientError::Attempt { limit, .. } if limit == ms(100)),
        "{error:?}"
    );
    let error = soon(client.get("/").total(ms(100)).send())
        .await
        .unwrap_err();
    assert!(
        matches!(error, ClientError::Total { limit, attempts: 1, .. } if limit == ms(100)),
        "{error:?}"
    );
}

#[tokio::test]
async fn the_deadline_of_the_caller_ends_the_call() {
    let server = Server::start(|_, _| vec![Do::Hang]).await;
    let client = client("callers-deadline", &server).build().unwrap();
    let call = Deadline::after(ms(200)).scope(client.get("/").send());
    let error = soon(call).await.unwrap_err();
    assert!(
        matches!(error, ClientError::Deadline { attempts: 1, .. }),
        "{error:?}"
    );
    assert_eq!(
        what(&error),
        "the deadline of the caller has passed, after 1 attempt"
    );
}
