//! The class of a `tokio_postgres::Error`, as its client makes it over a real connection.

use std::net::SocketAddr;

use resil::Class::{self, Neutral, Permanent, Transient};
use resil::Classify;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_postgres::{Client, Config, Error, NoTls};

use crate::serve;

/// A message of the server's (protocol 3.0): its kind, its length, its content.
fn message(kind: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len() + 4).unwrap();
    [&[kind], &length.to_be_bytes()[..], content].concat()
}

fn error(code: &str, text: &str) -> Vec<u8> {
    let fields = format!("SERROR\0VERROR\0C{code}\0M{text}\0\0");
    message(b'E', fields.as_bytes())
}

fn ready() -> Vec<u8> {
    message(b'Z', b"I")
}

/// Reads one message of the client's; the first one has no kind.
async fn read(stream: &mut TcpStream, first: bool) -> std::io::Result<u8> {
    let kind = if first { 0 } else { stream.read_u8().await? };
    let length = stream.read_u32().await?;
    let mut content = vec![0; usize::try_from(length - 4).unwrap()];
    stream.read_exact(&mut content).await?;
    Ok(kind)
}

/// What the server does once the client is in.
#[derive(Clone)]
enum Answer {
    /// To each query.
    Error(&'static str, &'static str),
    /// No rows, and no parameters.
    Nothing,
    /// It hangs up.
    Close,
}

async fn session(mut stream: TcpStream, answer: Answer) -> std::io::Result<()> {
    read(&mut stream, true).await?;
    let welcome = [message(b'R', &[0; 4]), ready()].concat();
    stream.write_all(&welcome).await?;
    let mut out = Vec::new();
    loop {
        let kind = read(&mut stream, false).await?;
        match (&answer, kind) {
            (Answer::Close, _) => return Ok(()),
            (Answer::Error(code, text), b'Q') => {
                out.extend(error(code, text));
                out.extend(ready());
            }
            (_, b'P') => out.extend(message(b'1', &[])),
            (_, b'D') => {
                out.extend(message(b't', &[0, 0]));
                out.extend(message(b'n', &[]));
            }
            (_, b'B') => out.extend(message(b'2', &[])),
            (_, b'E') => out.extend(message(b'C', b"SELECT 0\0")),
            (_, b'S') => out.extend(ready()),
            _ => {}
        }
        if matches!(kind, b'Q' | b'S') {
            stream.write_all(&out).await?;
            out.clear();
        }
    }
}

async fn client(answer: Answer) -> Client {
    let at = serve(move |stream| {
        let session = session(stream, answer.clone());
        async move {
            let _ = session.await;
        }
    })
    .await;
    let (client, connection) = connect(at).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn connect(
    at: SocketAddr,
) -> Result<
    (
        Client,
        impl Future<Output = Result<(), Error>> + Send + 'static,
    ),
    Error,
> {
    let mut config = Config::new();
    config
        .host(at.ip().to_string())
        .port(at.port())
        .user("resil");
    config.connect(NoTls).await
}

#[track_caller]
fn check(what: &str, error: &Error, class: Class) {
    assert_eq!(error.classify(), class, "{what}: {error:?}");
}

#[tokio::test]
async fn answers_of_every_kind() {
    for (code, text, class) in [
        ("40001", "could not serialize access", Transient),
        (
            "57P01",
            "terminating connection due to administrator command",
            Transient,
        ),
        ("57014", "canceling statement due to user request", Neutral),
        (
            "57014",
            "canceling statement due to statement timeout",
            Transient,
        ),
        (
            "23505",
            "duplicate key value violates unique constraint",
            Permanent,
        ),
    ] {
        let client = client(Answer::Error(code, text)).await;
        let error = client.simple_query("select 1").await.unwrap_err();
        check(code, &error, class);
    }
}

#[tokio::test]
async fn what_the_driver_says_of_its_own() {
    let refused = connect(SocketAddr::from(([127, 0, 0, 1], 1))).await;
    check("refused", &refused.err().unwrap(), Transient);

    let mut config = Config::new();
    config.host("/no/such/folder").user("resil");
    let no_socket = config.connect(NoTls).await;
    check("no socket", &no_socket.err().unwrap(), Transient);

    let at = serve(|stream| async move { drop(stream) }).await;
    check(
        "closed at once",
        &connect(at).await.err().unwrap(),
        Transient,
    );

    let closed = client(Answer::Close).await;
    let error = closed.simple_query("select 1").await.unwrap_err();
    check("closed", &error, Transient);
    let error = closed.simple_query("select 1").await.unwrap_err();
    check("closed before", &error, Transient);

    let nothing = client(Answer::Nothing).await;
    let error = nothing.query_one("select 1", &[]).await.unwrap_err();
    check("rows", &error, Permanent);
    let error = nothing.query("select 1", &[&1_i32]).await.unwrap_err();
    check("parameters", &error, Permanent);

    let error = "port=nope".parse::<Config>().unwrap_err();
    check("no connection string", &error, Permanent);
    let error = Config::new().connect(NoTls).await.err().unwrap();
    check("no configuration", &error, Permanent);
}
