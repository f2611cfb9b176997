//! `tonic::Status` as a channel of tonic's makes it, over real connections to a server that does
//! what a test says: real time, and a target of its own.

#![allow(
    clippy::disallowed_methods,
    clippy::items_after_statements,
    reason = "over a socket time is real; each item stands where it is needed"
)]

mod codec;
mod http2;

use std::error::Error as StdError;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use codec::Plain;
use http2::*;
use resil::Class::{Neutral, Permanent, Throttled, Transient};
use resil::{Class, Classify, retry};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

fn channel(at: SocketAddr, limit: Duration) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{at}")).unwrap();
    endpoint.timeout(limit).connect_lazy()
}

async fn call(channel: Channel) -> Result<(), Status> {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.unwrap();
    let path = http::uri::PathAndQuery::from_static("/pay.Pay/Charge");
    let answer = client.unary::<(), (), _>(Request::new(()), path, Plain::new());
    answer.await.map(tonic::Response::into_inner)
}

const LONG: Duration = Duration::from_secs(20);

#[track_caller]
fn check(what: &str, status: &Status, code: Code, class: Class) {
    let is = (status.code(), status.classify());
    assert_eq!(is, (code, class), "{what}: {status:?}");
}

#[tokio::test]
async fn what_the_channel_makes_of_a_broken_connection() {
    const THROTTLED: Class = Throttled { retry_after: None };
    let half = |then: Vec<u8>| vec![headers(1, false, &[GRPC]), frame(DATA, 0, 1, &[0, 0]), then];
    for (what, frames, code, class) in [
        ("closed", vec![], Code::Unknown, Transient),
        (
            "goaway",
            vec![goaway(0, NO_ERROR)],
            Code::Internal,
            Transient,
        ),
        (
            "calm down, all",
            vec![goaway(0, ENHANCE_YOUR_CALM)],
            Code::ResourceExhausted,
            THROTTLED,
        ),
        (
            "calm down",
            vec![reset(ENHANCE_YOUR_CALM)],
            Code::ResourceExhausted,
            THROTTLED,
        ),
        (
            "reset, cancelled",
            vec![reset(CANCEL)],
            Code::Cancelled,
            Transient,
        ),
        (
            "reset, refused",
            vec![reset(REFUSED_STREAM)],
            Code::Unavailable,
            Transient,
        ),
        (
            "reset, internal",
            vec![reset(INTERNAL_ERROR)],
            Code::Internal,
            Transient,
        ),
        (
            "reset, no error",
            vec![reset(NO_ERROR)],
            Code::Internal,
            Transient,
        ),
        (
            "reset, other",
            vec![reset(HTTP_1_1_REQUIRED)],
            Code::Unknown,
            Transient,
        ),
        (
            "reset, weak TLS",
            vec![reset(INADEQUATE_SECURITY)],
            Code::PermissionDenied,
            Permanent,
        ),
        ("half, closed", half(vec![]), Code::Unknown, Transient),
        (
            "half, cancelled",
            half(reset(CANCEL)),
            Code::Cancelled,
            Transient,
        ),
        (
            "half, internal",
            half(reset(INTERNAL_ERROR)),
            Code::Internal,
            Transient,
        ),
        (
            "half, goaway",
            half(goaway(0, INTERNAL_ERROR)),
            Code::Internal,
            Transient,
        ),
    ] {
        let at = server(frames, true).await;
        let status = call(channel(at, LONG)).await.unwrap_err();
        assert!(status.source().is_some(), "{what}: {status:?}");
        check(what, &status, code, class);
    }
}

#[tokio::test]
async fn what_the_channel_says_of_its_own() {
    let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
    let refused = call(channel(nobody, LONG)).await.unwrap_err();
    check("refused", &refused, Code::Unavailable, Transient);
    let silent = server(vec![], false).await;
    let limit = Duration::from_millis(30);
    let late = call(channel(silent, limit)).await.unwrap_err();
    check("timeout", &late, Code::Cancelled, Transient);
}

/// A status that the server sent stays what its code and its push-back say.
#[tokio::test]
async fn what_the_server_sent_stays_as_it_is() {
    let seven = Throttled {
        retry_after: Some(Duration::from_millis(7)),
    };
    const PUSHBACK: (&str, &str) = ("grpc-retry-pushback-ms", "7");
    for (frames, code, class) in [
        (answer(Code::Cancelled, &[]), Code::Cancelled, Neutral),
        (answer(Code::Cancelled, &[PUSHBACK]), Code::Cancelled, seven),
        (answer(Code::Unavailable, &[]), Code::Unavailable, Transient),
        (
            answer(Code::Unavailable, &[PUSHBACK]),
            Code::Unavailable,
            seven,
        ),
        (answer(Code::NotFound, &[]), Code::NotFound, Permanent),
    ] {
        let at = server(vec![frames], false).await;
        let status = call(channel(at, LONG)).await.unwrap_err();
        assert!(status.source().is_none(), "{status:?}");
        check("sent", &status, code, class);
    }
}

/// The commonest fault of a channel: the server goes away in good order (a deployment, `max_age`, a
/// proxy that rebalances) while calls wait for their turn on its connection. tonic calls them
/// cancelled.
#[tokio::test]
async fn s2_sdk_149_calls_that_wait_on_a_connection_that_goes_away_are_transient() {
    #[retry(max = 5, base = 1ms, budget = off)]
    async fn charge(channel: &Channel, seen: &Mutex<Vec<Status>>) -> Result<(), Status> {
        let answer = call(channel.clone()).await;
        if let Err(status) = &answer {
            seen.lock().unwrap().push(status.clone());
        }
        answer
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let leaving = Arc::new(Notify::new());
    let left = leaving.clone();
    tokio::spawn(async move {
        // One stream at a time, and after the first one no more.
        let (mut stream, _) = listener.accept().await.unwrap();
        open(&mut stream, &[0, 3, 0, 0, 0, 1]).await;
        request(&mut stream).await.unwrap();
        let last = goaway(0x7fff_ffff, NO_ERROR);
        stream.write_all(&last).await.unwrap();
        leaving.notify_one();
        tokio::time::sleep(Duration::from_millis(50)).await;
        drop(stream);
        // The connection after it serves all calls.
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                open(&mut stream, &[]).await;
                while let Ok(id) = request(&mut stream).await {
                    let answer = [
                        headers(id, false, &[GRPC]),
                        frame(DATA, 0, id, &[0; 5]),
                        trailers(id, "0"),
                    ];
                    let _ = stream.write_all(&answer.concat()).await;
                }
            });
        }
    });
    let channel = channel(at, LONG);
    let seen = Mutex::default();
    let first = charge(&channel, &seen);
    let others = async {
        left.notified().await;
        let calls = (0..4).map(|_| charge(&channel, &seen));
        futures_util::future::join_all(calls).await
    };
    let (first, others) = tokio::join!(first, others);
    let seen = seen.into_inner().unwrap();
    let all_went_through = first.is_ok() && others.iter().all(Result::is_ok);
    assert!(all_went_through, "{first:?} {others:?} {seen:?}");
    let cancelled = |s: &Status| s.code() == Code::Cancelled && s.source().is_some();
    assert!(seen.iter().any(cancelled), "{seen:?}");
    assert!(seen.iter().all(|s| s.classify() == Transient), "{seen:?}");
}

/// Without a connection: what else a status may be made of.
#[tokio::test]
async fn by_what_a_status_was_made_of() {
    #[derive(Debug, thiserror::Error, Classify)]
    enum Ours {
        #[error("no")]
        #[permanent]
        No,
        #[error("later")]
        #[transient]
        Later,
    }
    fn made_of(code: Code, source: impl StdError + Send + Sync + 'static) -> Status {
        let mut status = Status::new(code, "made here");
        status.set_source(Arc::new(source));
        status
    }
    let io = |kind: std::io::ErrorKind| std::io::Error::from(kind);
    let task = tokio::spawn(std::future::pending::<()>());
    task.abort();
    let aborted = task.await.unwrap_err();
    for (what, status, class) in [
        ("nothing", Status::cancelled("by the server"), Neutral),
        (
            "reset",
            made_of(Code::Cancelled, io(std::io::ErrorKind::ConnectionReset)),
            Transient,
        ),
        (
            "gone",
            made_of(Code::Cancelled, io(std::io::ErrorKind::NotFound)),
            Transient,
        ),
        (
            "timeout",
            Status::from_error(Box::new(tonic::TimeoutExpired(()))),
            Transient,
        ),
        ("a task", made_of(Code::Cancelled, aborted), Neutral),
        (
            "a status",
            Status::from_error(Box::new(Wrapped(Status::cancelled("")))),
            Neutral,
        ),
        (
            "a status",
            Status::from_error(Box::new(Wrapped(Status::not_found("")))),
            Permanent,
        ),
        (
            "a status",
            Status::from_error(Box::new(Wrapped(Status::unavailable("")))),
            Transient,
        ),
        ("ours", made_of(Code::Cancelled, Ours::No), Permanent),
        ("ours", Status::from_error(Box::new(Ours::No)), Permanent),
        ("ours", made_of(Code::NotFound, Ours::Later), Transient),
        (
            "theirs",
            made_of(Code::Unavailable, io(std::io::ErrorKind::NotFound)),
            Transient,
        ),
        (
            "theirs",
            made_of(Code::NotFound, io(std::io::ErrorKind::ConnectionReset)),
            Permanent,
        ),
    ] {
        assert_eq!(status.classify(), class, "{what}: {status:?}");
    }

    #[derive(Debug, thiserror::Error)]
    #[error("in a layer")]
    struct Wrapped(#[source] Status);
}
