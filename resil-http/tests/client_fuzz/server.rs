//! The other side: it writes the answer of the case that a request names, and counts.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::case::Case;

/// A server with what it has counted.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) at: SocketAddr,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    /// Requests for cases of which it is known what has to come of them.
    requests: AtomicU32,
    open: AtomicUsize,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            at: listener.local_addr().unwrap(),
            counts: Arc::default(),
        };
        let counts = Arc::clone(&server.counts);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                counts.open.fetch_add(1, Relaxed);
                let counts = Arc::clone(&counts);
                tokio::spawn(async move {
                    follow(stream, &counts.requests).await;
                    counts.open.fetch_sub(1, Relaxed);
                });
            }
        });
        server
    }

    pub(crate) fn requests(&self) -> u32 {
        self.counts.requests.load(Relaxed)
    }

    /// The connections that are open.
    pub(crate) fn open(&self) -> usize {
        self.counts.open.load(Relaxed)
    }
}

/// Answers the requests of a connection, which have no bodies, until it ends.
async fn follow(mut stream: TcpStream, requests: &AtomicU32) {
    stream.set_nodelay(true).unwrap();
    let mut head = Vec::new();
    loop {
        head.clear();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_buf(&mut head).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
        let Some(case) = case_of(&head) else {
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer).await.unwrap_or_default();
            continue;
        };
        if case.is_clear() {
            requests.fetch_add(1, Relaxed);
        }
        stream.write_all(&case.answer()).await.unwrap_or_default();
        if case.is_broken {
            return;
        }
    }
}

/// Returns the case that a request names; `None` if that was a redirect to somewhere else.
fn case_of(head: &[u8]) -> Option<Case> {
    let line = head.split(|byte| *byte == b'\r').next()?;
    let path = std::str::from_utf8(line).ok()?.split(' ').nth(1)?;
    path.strip_prefix("/case/")?.parse().ok().map(Case::of)
}
