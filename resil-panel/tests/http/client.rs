//! A server with a panel, and a client that speaks HTTP to it over a real socket, byte by byte.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

/// No test waits longer than this for anything.
pub(crate) const LONGEST: Duration = Duration::from_secs(60);

/// Waits for a future, no longer than [`LONGEST`].
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    let out = timeout(LONGEST, future).await;
    out.unwrap_or_else(|_| panic!("{what}: not in {LONGEST:?}"))
}

/// Serves `router` until the runtime of the test ends.
pub(crate) async fn serve(router: Router) -> SocketAddr {
    let socket = TcpSocket::new_v4().unwrap();
    // A client that reads nothing is noticed once the kernel has taken all that it takes.
    socket.set_send_buffer_size(8 * 1024).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener: TcpListener = socket.listen(1024).unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async { axum::serve(listener, router).await });
    address
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In lower case.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// Returns the value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines();
        lines.find_map(|l| l.strip_prefix(name)?.strip_prefix(": "))
    }

    /// Returns the body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }
}

/// Sends a request with these headers and this body, and reads the answer.
pub(crate) async fn send(
    to: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    soon(path, async {
        let mut stream = TcpStream::connect(to).await.unwrap();
        let mut head = format!("{method} {path} HTTP/1.0\r\nhost: {to}\r\n");
        for (name, value) in headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        let length = body.len().to_string();
        head.extend(["content-length: ", &length, "\r\n\r\n"]);
        stream.write_all(head.as_bytes()).await.unwrap();
        // The server may answer before it has read a body that is too long.
        let _ = stream.write_all(body.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").expect(&answer);
        Answer {
            status: head[9..12].parse().unwrap(),
            head: head.to_lowercase(),
            body: body.to_owned(),
        }
    })
    .await
}

/// Reads a path.
pub(crate) async fn get(to: SocketAddr, path: &str) -> Answer {
    send(to, "GET", path, &[], "").await
}

/// Sends a command with a token.
pub(crate) async fn post(to: SocketAddr, path: &str, token: &str, body: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    send(to, "POST", path, &[("authorization", &bearer)], body).await
}

/// A stream of server-sent events. In HTTP/1.0 it is the body as it stands, without chunks.
pub(crate) struct Events {
    stream: TcpStream,
    read: String,
}

impl Events {
    /// Opens the stream, and reads the head of the answer.
    pub(crate) async fn open(to: SocketAddr, path: &str) -> Self {
        // Pages of another test may not be gone yet: then there is no place for a while.
        let opened = timeout(LONGEST, async {
            loop {
                let mut events = Self::begin(to, path).await;
                let head = events.until("\r\n\r\n").await.expect("a head");
                if !head.starts_with("HTTP/1.0 503") {
                    Self::is_stream(&head);
                    return events;
                }
                sleep(Duration::from_millis(20)).await;
            }
        });
        opened.await.expect("a place")
    }

    fn is_stream(head: &str) {
        assert!(head.starts_with("HTTP/1.0 200"), "{head}");
        assert!(head.contains("text/event-stream"), "{head}");
    }

    /// Reads the head of the answer.
    pub(crate) async fn read_head(&mut self) {
        let head = self.until("\r\n\r\n").await.expect("a head");
        Self::is_stream(&head);
    }

    /// Asks for the stream, and reads nothing of it.
    pub(crate) async fn begin(to: SocketAddr, path: &str) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(8 * 1024).unwrap();
        let mut stream = soon("connect", socket.connect(to)).await.unwrap();
        let head = format!("GET {path} HTTP/1.0\r\nhost: {to}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        Self {
            stream,
            read: String::new(),
        }
    }

    /// Reads up to `end`; `None` if the stream ends.
    async fn until(&mut self, end: &str) -> Option<String> {
        loop {
            if let Some(at) = self.read.find(end) {
                let rest = self.read.split_off(at + end.len());
                return Some(std::mem::replace(&mut self.read, rest));
            }
            let mut buffer = vec![0; 64 * 1024];
            let n = soon("a frame", self.stream.read(&mut buffer)).await.ok()?;
            if n == 0 {
                return None;
            }
            // Frames are ASCII here but for a dash now and then, which is not split by the tests' sizes.
            self.read.push_str(&String::from_utf8_lossy(&buffer[..n]));
        }
    }

    /// Reads the next frame: its name and its data.
    pub(crate) async fn next(&mut self) -> Option<(String, Value)> {
        let frame = self.until("\n\n").await?;
        let (name, data) = frame.trim_end().split_once('\n').expect("two lines");
        let name = name.strip_prefix("event: ").expect("a name").to_owned();
        let data = data.strip_prefix("data: ").expect("data");
        Some((name, serde_json::from_str(data).expect(data)))
    }

    /// Waits until the page is told all events. The first reading may have been there before it: the second one is from a
    /// thread that hears events.
    pub(crate) async fn heard(&mut self) {
        for _ in 0..2 {
            self.find(|f| (f["tick"] == true).then_some(())).await;
        }
    }

    /// Reads frames until `wanted` finds something in one.
    pub(crate) async fn find<T>(&mut self, mut wanted: impl FnMut(&Value) -> Option<T>) -> T {
        let mut last = String::new();
        let found = timeout(LONGEST, async {
            loop {
                let (_, data) = self.next().await.expect("the stream goes on");
                if let Some(found) = wanted(&data) {
                    return found;
                }
                last = data.to_string();
            }
        });
        found
            .await
            .unwrap_or_else(|_| panic!("not found in {LONGEST:?}; the last frame: {last:.2000}"))
    }
}

/// Returns the row of a list in a frame whose member `name` is `name`.
pub(crate) fn row<'v>(frame: &'v Value, list: &str, name: &str) -> Option<&'v Value> {
    frame[list]
        .as_array()?
        .iter()
        .find(|row| row["name"] == name)
}
