//! The network in front of a provider: a port that closes for a while, and connections that are
//! cut in the middle of an answer. All of it happens to real sockets.
//!
//! axum serves on any listener, so the faults sit where they do in life, below HTTP: the provider
//! writes a whole answer, and the wire decides how much of it arrives.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::time::{Sleep, sleep};

/// A loopback port that refuses connections while the provider is down.
pub(crate) struct Front {
    addr: SocketAddr,
    /// A socket that is bound and never listens. It keeps the port while the provider is down, and keeps
    /// the kernel from giving it to a client, which would then connect to itself.
    _held: TcpSocket,
    listener: Option<TcpListener>,
    up: watch::Receiver<bool>,
}

impl Front {
    pub(crate) fn new(up: watch::Receiver<bool>) -> io::Result<Self> {
        let held = bound(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let addr = held.local_addr()?;
        Ok(Self {
            addr,
            listener: Some(listen(addr)?),
            _held: held,
            up,
        })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Waits until the provider is up, and listens.
    async fn reopen(&mut self) {
        while self.listener.is_none() {
            until(&mut self.up, true).await;
            match listen(self.addr) {
                Ok(listener) => self.listener = Some(listener),
                Err(_) => sleep(Duration::from_millis(5)).await,
            }
        }
    }
}

impl Listener for Front {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        loop {
            self.reopen().await;
            let Some(listener) = &self.listener else {
                continue;
            };
            tokio::select! {
                // Closing the listener is what makes the kernel refuse; it also resets whoever
                // stands in its queue.
                () = until(&mut self.up, false) => self.listener = None,
                accepted = listener.accept() => {
                    if let Ok((stream, from)) = accepted {
                        return (Wire::new(stream, self.up.clone()), from);
                    }
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.addr)
    }
}

fn bound(addr: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // Two sockets on one port, of which one listens at most.
    socket.set_reuseaddr(true)?;
    #[cfg(unix)]
    socket.set_reuseport(true)?;
    socket.bind(addr)?;
    Ok(socket)
}

fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    bound(addr)?.listen(1_024)
}

/// Waits until the channel says `want`; for ever if its sender is gone.
async fn until(up: &mut watch::Receiver<bool>, want: bool) {
    if up.wait_for(|up| *up == want).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// The fate of the next answer on a connection.
#[derive(Debug, Default, Clone, Copy)]
enum Fate {
    /// It arrives.
    #[default]
    Whole,
    /// The head and half of the body arrive, then a reset.
    Cut,
    /// The head arrives, then the body a few bytes at a time.
    Drip,
}

/// The provider's handle on the connection that a request came by.
#[derive(Debug, Default, Clone)]
pub(crate) struct Line(Arc<Mutex<Fate>>);

impl Line {
    /// The next answer is reset in its middle.
    pub(crate) fn cut(&self) {
        self.set(Fate::Cut);
    }

    /// The next answer comes in drips.
    pub(crate) fn drip(&self) {
        self.set(Fate::Drip);
    }

    fn set(&self, fate: Fate) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = fate;
    }

    fn take(&self) -> Fate {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Connected<IncomingStream<'_, Front>> for Line {
    fn connect_info(stream: IncomingStream<'_, Front>) -> Self {
        stream.io().line.clone()
    }
}

/// One connection.
pub(crate) struct Wire {
    stream: TcpStream,
    line: Line,
    state: State,
    /// Completes when the provider goes down, which takes every connection with it: a pooled one
    /// that lived on would hide the outage from its client.
    down: Pin<Box<dyn Future<Output = ()> + Send>>,
}

enum State {
    Open,
    /// In the middle of an answer that drips; the timer is for the next drop.
    Dripping(Pin<Box<Sleep>>),
    Reset,
}

impl Wire {
    /// Between two drops: well below the client's read timeout.
    const DROP_EVERY: Duration = Duration::from_millis(80);
    /// The number of drops that an answer comes in.
    const DROPS: usize = 16;

    fn new(stream: TcpStream, mut up: watch::Receiver<bool>) -> Self {
        Self {
            stream,
            line: Line::default(),
            state: State::Open,
            down: Box::pin(async move { until(&mut up, false).await }),
        }
    }

    /// Ends the connection with RST in place of FIN: zero linger throws away what is unsent.
    fn reset(&mut self) -> io::Error {
        self.state = State::Reset;
        // hyper drops a connection whose I/O fails, and the drop closes the socket.
        self.stream
            .set_zero_linger()
            .err()
            .unwrap_or_else(|| io::ErrorKind::ConnectionReset.into())
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if matches!(self.state, State::Reset) || self.down.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(self.reset()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    /// hyper hands over an answer as one buffer, head and body, and comes again with the rest of
    /// it until all is written.
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        match &mut this.state {
            State::Reset => Poll::Ready(Err(this.reset())),
            State::Dripping(pause) => {
                ready!(pause.as_mut().poll(cx));
                let piece = (buf.len().max(Self::DROPS) / Self::DROPS).min(buf.len());
                let n = ready!(Pin::new(&mut this.stream).poll_write(cx, &buf[..piece]))?;
                this.state = if n == buf.len() {
                    State::Open
                } else {
                    State::Dripping(Box::pin(sleep(Self::DROP_EVERY)))
                };
                Poll::Ready(Ok(n))
            }
            State::Open => {
                let head = end_of_head(buf);
                let (upto, then) = match this.line.take() {
                    Fate::Whole => (buf.len(), State::Open),
                    Fate::Cut => (usize::midpoint(head, buf.len()), State::Reset),
                    Fate::Drip => (head, State::Dripping(Box::pin(sleep(Self::DROP_EVERY)))),
                };
                this.state = then;
                // A loopback socket with nothing unsent takes an answer of this size at once.
                Pin::new(&mut this.stream).poll_write(cx, &buf[..upto])
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Where the head of an answer ends and its body begins.
fn end_of_head(answer: &[u8]) -> usize {
    let blank = answer.windows(4).position(|w| w == b"\r\n\r\n");
    blank.map_or(answer.len(), |at| at + 4)
}
