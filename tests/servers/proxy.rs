//! A TCP proxy that cuts one connection at a byte, and lets all that follow through.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// Which way the bytes go that are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    ToServer,
    ToClient,
}

pub struct Proxy {
    pub port: u16,
    /// How many connections were made.
    pub made: Arc<AtomicUsize>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Proxy {
    /// Cuts the first connection when `k` bytes went that way: those bytes arrive, no other does.
    pub async fn cut_at(server: u16, way: Way, k: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let made = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&made);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let first = count.fetch_add(1, SeqCst) == 0;
                let limit = |w| if first && w == way { k } else { usize::MAX };
                let limits = [limit(Way::ToServer), limit(Way::ToClient)];
                tokio::spawn(pass(client, server, limits));
            }
        });
        Self {
            port,
            made,
            accepting,
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn pass(client: TcpStream, server: u16, [up, down]: [usize; 2]) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else {
        return;
    };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // Whichever ends first ends both: dropped, they are closed.
    tokio::select! {
        () = copy(from_client, to_server, up) => {}
        () = copy(from_server, to_client, down) => {}
    }
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut left: usize) {
    let mut bytes = [0; 4096];
    while left > 0 {
        let n = match from.read(&mut bytes).await {
            Ok(n) if n > 0 => n.min(left),
            _ => return,
        };
        if to.write_all(&bytes[..n]).await.is_err() {
            return;
        }
        left = left.saturating_sub(n);
    }
}
