//! TCP proxies: one that cuts one connection at a byte, and lets all that follow through; and one whose
//! address moves to another server, or whose open connections fall silent.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering::SeqCst};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Which way the bytes go that are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    ToServer,
    ToClient,
}

/// Where the first connection ends: those bytes arrive, and no other does.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    pub way: Way,
    pub at: usize,
    /// It is not closed, for two seconds: nothing more comes, and nobody says why.
    pub stalls: bool,
}

impl Cut {
    pub fn never() -> Self {
        Self {
            way: Way::ToServer,
            at: usize::MAX,
            stalls: false,
        }
    }

    fn limit(self, way: Way) -> usize {
        if way == self.way { self.at } else { usize::MAX }
    }
}

pub struct Proxy {
    pub port: u16,
    accepting: tokio::task::JoinHandle<()>,
}

impl Proxy {
    pub async fn start(server: u16, cut: Cut) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let accepting = tokio::spawn(async move {
            let mut next = cut;
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, server, next));
                next = Cut::never();
            }
        });
        Self { port, accepting }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn pass(client: TcpStream, server: u16, cut: Cut) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else {
        return;
    };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let (mut up, mut down) = (cut.limit(Way::ToServer), cut.limit(Way::ToClient));
    if cut.stalls {
        // What one way has left open stays open, until the other end has enough of it.
        tokio::join!(
            stall(copy(from_client, to_server, &mut up)),
            stall(copy(from_server, to_client, &mut down)),
        );
    } else {
        // Whichever ends first ends both: dropped, they are closed.
        tokio::select! {
            _ = copy(from_client, to_server, &mut up) => {}
            _ = copy(from_server, to_client, &mut down) => {}
        }
    }
}

async fn stall(copy: impl Future<Output = (bool, OwnedReadHalf, OwnedWriteHalf)>) {
    let open = copy.await;
    if open.0 {
        // As long as it takes the keep-alives of a server to give up a host that vanished.
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    drop(open);
}

/// Whether it is cut, and what is open.
async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    left: &mut usize,
) -> (bool, OwnedReadHalf, OwnedWriteHalf) {
    let mut bytes = [0; 4096];
    while *left > 0 {
        let n = match from.read(&mut bytes).await {
            Ok(n) if n > 0 => n.min(*left),
            _ => break,
        };
        if to.write_all(&bytes[..n]).await.is_err() {
            break;
        }
        *left = left.saturating_sub(n);
    }
    (*left == 0, from, to)
}

/// An address that servers are behind, one at a time.
pub struct Address {
    pub port: u16,
    server: Arc<AtomicU16>,
    silence: watch::Sender<()>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Address {
    pub async fn of(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let server = Arc::new(AtomicU16::new(server));
        let (silence, _) = watch::channel(());
        let (to, silent) = (Arc::clone(&server), silence.clone());
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(lead(client, to.load(SeqCst), silent.subscribe()));
            }
        });
        Self {
            port,
            server,
            silence,
            accepting,
        }
    }

    /// New connections go there. Those that are open stay where they are.
    pub fn moves_to(&self, server: u16) {
        self.server.store(server, SeqCst);
    }

    /// On the connections that are open nothing passes any more, and none of them is closed.
    pub fn falls_silent(&self) {
        self.silence.send_replace(());
    }
}

impl Drop for Address {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn lead(mut client: TcpStream, server: u16, mut silence: watch::Receiver<()>) {
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", server)).await else {
        return;
    };
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => {}
        _ = silence.changed() => std::future::pending().await,
    }
}
