//! `tonic::Status` as a channel of tonic's makes it, over real connections to a server that does
//! what a test says: real time, and a target of its own.

#![allow(
    clippy::disallowed_methods,
    clippy::items_after_statements,
    reason = "over a socket time is real; each item stands where it is needed"
)]
#![cfg(feature = "tonic")]

use std::error::Error as StdError;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use resil::Class::{Neutral, Permanent, Throttled, Transient};
use resil::{Class, Classify, retry};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

/// Messages without content.
#[derive(Clone, Copy, Default)]
struct Empty;
impl Codec for Empty {
    type Encode = ();
    type Decode = ();
    type Encoder = Self;
    type Decoder = Self;
    fn encoder(&mut self) -> Self {
        Self
    }
    fn decoder(&mut self) -> Self {
        Self
    }
}
impl Encoder for Empty {
    type Item = ();
    type Error = Status;
    fn encode(&mut self, (): (), _: &mut EncodeBuf<'_>) -> Result<(), Status> {
        Ok(())
    }
}
impl Decoder for Empty {
    type Item = ();
    type Error = Status;
    fn decode(&mut self, _: &mut DecodeBuf<'_>) -> Result<Option<()>, Status> {
        Ok(Some(()))
    }
}

/// An HTTP/2 frame (RFC 9113, section 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut out = length[1..].to_vec();
    out.extend([kind, flags]);
    out.extend(stream.to_be_bytes());
    out.extend(payload);
    out
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
/// And, of `SETTINGS`, `ACK`.
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

const NO_ERROR: u32 = 0;
const INTERNAL_ERROR: u32 = 2;
const REFUSED_STREAM: u32 = 7;
const CANCEL: u32 = 8;
const ENHANCE_YOUR_CALM: u32 = 11;
const INADEQUATE_SECURITY: u32 = 12;
const HTTP_1_1_REQUIRED: u32 = 13;

/// All streams up to `last` will be served.
fn goaway(last: u32, code: u32) -> Vec<u8> {
    let payload = [last.to_be_bytes(), code.to_be_bytes()].concat();
    frame(GOAWAY, 0, 0, &payload)
}

fn reset(code: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, 1, &code.to_be_bytes())
}

/// Fields as literals without an index (RFC 7541, section 6.2.2).
fn literals(block: &mut Vec<u8>, fields: &[(&str, &str)]) {
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).unwrap());
            block.extend(text.as_bytes());
        }
    }
}

/// A response's headers, with the status 200.
fn headers(stream: u32, end: bool, fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = vec![0x88];
    literals(&mut block, fields);
    frame(HEADERS, END_HEADERS | u8::from(end), stream, &block)
}

fn trailers(stream: u32, code: &str) -> Vec<u8> {
    let mut block = Vec::new();
    literals(&mut block, &[("grpc-status", code)]);
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &block)
}

const GRPC: (&str, &str) = ("content-type", "application/grpc");

fn answer(code: Code, more: &[(&str, &str)]) -> Vec<u8> {
    let code = (code as i32).to_string();
    let mut fields = vec![GRPC, ("grpc-status", &code)];
    fields.extend(more);
    headers(1, true, &fields)
}

/// The beginning of a connection.
async fn open(stream: &mut TcpStream, settings: &[u8]) {
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await.unwrap();
    let settings = frame(SETTINGS, 0, 0, settings);
    stream.write_all(&settings).await.unwrap();
}

/// Reads until a request's headers have come, and says of which stream.
async fn request(stream: &mut TcpStream) -> std::io::Result<u32> {
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        stream.read_exact(&mut payload).await?;
        match head[3] {
            SETTINGS if head[4] & END_STREAM == 0 => {
                let ack = frame(SETTINGS, END_STREAM, 0, &[]);
                stream.write_all(&ack).await?;
            }
            HEADERS => return Ok(u32::from_be_bytes([head[5], head[6], head[7], head[8]])),
            _ => {}
        }
    }
}

/// A server that answers the first request of each connection with `said`, and hangs up.
async fn server(said: Vec<Vec<u8>>, hang_up: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let said = said.clone();
            tokio::spawn(async move {
                open(&mut stream, &[]).await;
                request(&mut stream).await.unwrap();
                for frame in &said {
                    stream.write_all(frame).await.unwrap();
                }
                if hang_up {
                    stream.shutdown().await.unwrap();
                }
                // What the client still sends is read, so that no reset overtakes the answer.
                let mut rest = Vec::new();
                let _ = stream.read_to_end(&mut rest).await;
            });
        }
    });
    at
}

fn channel(at: SocketAddr, limit: Duration) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{at}")).unwrap();
    endpoint.timeout(limit).connect_lazy()
}

async fn call(channel: Channel) -> Result<(), Status> {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.unwrap();
    let path = http::uri::PathAndQuery::from_static("/pay.Pay/Charge");
    let answer = client.unary::<(), (), _>(Request::new(()), path, Empty);
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
