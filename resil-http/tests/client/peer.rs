//! The other side: servers over plain TCP that follow a script.

#![allow(dead_code, reason = "each test target uses its own part")]
#![allow(clippy::disallowed_methods, reason = "over a socket time is real")]

use std::collections::HashMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

/// What a server does about one request.
#[derive(Debug, Clone)]
pub(crate) enum Do {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Lets time pass.
    Pause(Duration),
    /// Does nothing until the client goes away.
    Hang,
    /// Sends one byte each time that so much has passed, until the client goes away.
    Drip(Duration),
    /// Sends as much as the client takes.
    Flood,
    /// Closes the connection.
    Close,
    /// Resets the connection.
    Reset,
}

/// An answer with this status, these further lines of its head, and this body.
pub(crate) fn answer(status: u16, head: &[&str], body: &str) -> Vec<Do> {
    let mut text = format!(
        "HTTP/1.1 {status} Said\r\ncontent-length: {}\r\n",
        body.len()
    );
    for line in head {
        text += line;
        text += "\r\n";
    }
    send(&format!("{text}\r\n{body}"))
}

/// The answer that all is well.
pub(crate) fn ok() -> Vec<Do> {
    answer(200, &[], "ok")
}

pub(crate) fn send(text: &str) -> Vec<Do> {
    vec![Do::Send(text.as_bytes().to_vec())]
}

/// A request as the server has read it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// A port that the kernel chooses.
const ANYWHERE: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));

/// A server, with what it has seen.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) at: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<Connections>,
    task: Arc<Mutex<Option<AbortHandle>>>,
}

#[derive(Debug, Default)]
struct Connections {
    accepted: AtomicUsize,
    open: AtomicUsize,
    most_open: AtomicUsize,
}

/// A connection that is counted as long as it is there.
struct Open(Arc<Connections>);

impl Open {
    fn of(connections: &Arc<Connections>) -> Self {
        connections.accepted.fetch_add(1, Ordering::SeqCst);
        let open = connections.open.fetch_add(1, Ordering::SeqCst) + 1;
        connections.most_open.fetch_max(open, Ordering::SeqCst);
        Self(Arc::clone(connections))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.at.fmt(f)
    }
}

impl Server {
    /// Starts a server that does about its request of this number, from 0, what the script says.
    pub(crate) async fn start(
        script: impl Fn(usize, &Seen) -> Vec<Do> + Send + Sync + 'static,
    ) -> Self {
        Self::start_at(ANYWHERE, script).await
    }

    /// The same at this address.
    pub(crate) async fn start_at(
        at: SocketAddr,
        script: impl Fn(usize, &Seen) -> Vec<Do> + Send + Sync + 'static,
    ) -> Self {
        let (server, listener) = Self::bind(at).await;
        let script = Arc::new(script);
        let own = server.clone();
        let task = tokio::spawn(async move {
            let mut all = JoinSet::new();
            loop {
                let (stream, open) = own.accept(&listener).await;
                let (own, script) = (own.clone(), Arc::clone(&script));
                all.spawn(async move {
                    let _open = open;
                    own.follow(stream, &*script).await;
                });
            }
        });
        *server.task.lock().unwrap() = Some(task.abort_handle());
        server
    }

    /// Ends it in the middle of whatever it does: the listener closes, and each connection.
    pub(crate) fn kill(&self) {
        let task = self.task.lock().unwrap().take();
        task.expect("it follows a script, and was not killed before")
            .abort();
    }

    /// Starts a server that accepts connections, and reads nothing from them.
    pub(crate) async fn that_never_reads() -> Self {
        let (server, listener) = Self::bind(ANYWHERE).await;
        let own = server.clone();
        tokio::spawn(async move {
            let mut kept = Vec::new();
            loop {
                kept.push(own.accept(&listener).await);
            }
        });
        server
    }

    async fn bind(at: SocketAddr) -> (Self, TcpListener) {
        let listener = TcpListener::bind(at).await.unwrap();
        let server = Self {
            at: listener.local_addr().unwrap(),
            seen: Arc::default(),
            connections: Arc::default(),
            task: Arc::default(),
        };
        (server, listener)
    }

    async fn accept(&self, listener: &TcpListener) -> (TcpStream, Open) {
        let (stream, _) = listener.accept().await.unwrap();
        (stream, Open::of(&self.connections))
    }

    async fn follow(&self, mut stream: TcpStream, script: &impl Fn(usize, &Seen) -> Vec<Do>) {
        while let Some(request) = read(&mut stream).await {
            let number = {
                let mut seen = self.seen.lock().unwrap();
                seen.push(request.clone());
                seen.len() - 1
            };
            for step in script(number, &request) {
                if !act(&mut stream, step).await {
                    return;
                }
            }
        }
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The number of connections that were made.
    pub(crate) fn accepted(&self) -> usize {
        self.connections.accepted.load(Ordering::SeqCst)
    }

    /// The number of connections that are open.
    pub(crate) fn open(&self) -> usize {
        self.connections.open.load(Ordering::SeqCst)
    }

    /// The most connections that were open at once.
    pub(crate) fn most_open(&self) -> usize {
        self.connections.most_open.load(Ordering::SeqCst)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{self}")
    }
}

/// A server that answers its first request with an error, and the others as they want.
pub(crate) async fn fails_first(status: u16) -> Server {
    Server::start(move |number, _| {
        if number == 0 {
            answer(status, &[], "no")
        } else {
            ok()
        }
    })
    .await
}

/// Does one step; returns whether the connection goes on.
async fn act(stream: &mut TcpStream, step: Do) -> bool {
    match step {
        Do::Send(bytes) => stream.write_all(&bytes).await.is_ok(),
        Do::Pause(time) => {
            tokio::time::sleep(time).await;
            true
        }
        Do::Hang => {
            let mut rest = [0; 1024];
            while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {}
            false
        }
        Do::Drip(time) => {
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(time).await;
            }
            false
        }
        Do::Flood => {
            while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
            false
        }
        Do::Close => false,
        Do::Reset => {
            stream.set_zero_linger().unwrap();
            false
        }
    }
}

/// Reads a request with its body; `None` if the client goes away.
async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut text = Vec::new();
    let end = loop {
        if let Some(at) = find(&text, b"\r\n\r\n") {
            break at + 4;
        }
        more(stream, &mut text).await?;
    };
    let head = String::from_utf8(text[..end].to_vec()).unwrap();
    let mut body = text.split_off(end);
    let mut lines = head.lines();
    let mut first = lines.next().unwrap().split(' ');
    let headers: HashMap<_, _> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    if headers.contains_key("transfer-encoding") {
        while !body.ends_with(b"0\r\n\r\n") {
            more(stream, &mut body).await?;
        }
    } else if let Some(length) = headers.get("content-length") {
        let length: usize = length.parse().unwrap();
        while body.len() < length {
            more(stream, &mut body).await?;
        }
    }
    Some(Seen {
        method: first.next().unwrap().to_owned(),
        path: first.next().unwrap().to_owned(),
        headers,
        body,
    })
}

async fn more(stream: &mut TcpStream, text: &mut Vec<u8>) -> Option<()> {
    match stream.read_buf(text).await {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(()),
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|part| part == what)
}

/// An address whose queue of connections is full: further ones wait for ever. Holds what fills it.
pub(crate) struct BlackHole {
    pub(crate) at: SocketAddr,
    _listener: TcpListener,
    _queued: Vec<TcpStream>,
}

impl BlackHole {
    pub(crate) async fn open() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let at = listener.local_addr().unwrap();
        let mut queued = Vec::new();
        for _ in 0..100 {
            let connecting = TcpStream::connect(at);
            match tokio::time::timeout(Duration::from_millis(300), connecting).await {
                Ok(stream) => queued.push(stream.unwrap()),
                Err(_) => {
                    return Self {
                        at,
                        _listener: listener,
                        _queued: queued,
                    };
                }
            }
        }
        panic!("the queue of a listener has no end here");
    }
}

/// A resolver that answers each lookup after a pause: with the address of that number, and then with the last
/// one.
#[derive(Debug)]
pub(crate) struct Names {
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) pause: Duration,
    pub(crate) lookups: Arc<AtomicUsize>,
}

impl Names {
    pub(crate) fn of(addresses: &[SocketAddr]) -> Self {
        Self {
            addresses: addresses.to_vec(),
            pause: Duration::ZERO,
            lookups: Arc::default(),
        }
    }
}

impl Resolve for Names {
    fn resolve(&self, _: Name) -> Resolving {
        let lookup = self.lookups.fetch_add(1, Ordering::SeqCst);
        let address = self.addresses[lookup.min(self.addresses.len() - 1)];
        let pause = self.pause;
        Box::pin(async move {
            tokio::time::sleep(pause).await;
            let addresses: Addrs = Box::new(std::iter::once(address));
            Ok(addresses)
        })
    }
}
