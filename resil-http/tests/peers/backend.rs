//! A server that misbehaves on command: the path of a request says how.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A server of HTTP/1.1, byte by byte: a library would not let it lie.
#[derive(Clone)]
pub(crate) struct Backend {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<HashMap<String, u32>>>,
}

impl Backend {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let backend = Self {
            address: listener.local_addr().unwrap(),
            seen: Arc::default(),
        };
        let of_task = backend.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let backend = of_task.clone();
                tokio::spawn(async move { backend.serve(stream).await });
            }
        });
        backend
    }

    /// Returns how often `method` and path were asked for, as `GET /reset`.
    pub(crate) fn seen(&self, request: &str) -> u32 {
        let seen = self.seen.lock().unwrap();
        seen.get(request).copied().unwrap_or_default()
    }

    /// Notes a request, and returns how many there were of it before.
    fn note(&self, request: &str) -> u32 {
        let mut seen = self.seen.lock().unwrap();
        let count = seen.entry(request.to_owned()).or_default();
        *count += 1;
        *count - 1
    }

    async fn serve(&self, mut stream: TcpStream) -> Option<()> {
        while let Some(request) = request(&mut stream).await {
            let before = self.note(&request);
            let path = request.split_once(' ')?.1;
            let how = match path.strip_prefix("/once") {
                // The second one is answered as it should be.
                Some(_) if before > 0 => "/ok",
                Some(how) => how,
                None => path,
            };
            self.answer(&mut stream, how).await?;
        }
        Some(())
    }

    /// Answers; `None` ends the connection.
    async fn answer(&self, stream: &mut TcpStream, how: &str) -> Option<()> {
        let whole = |status: &str, headers: &str, body: &str| {
            let length = body.len();
            format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}")
        };
        match how {
            "/ok" => write(stream, &whole("200 OK", "", "fine")).await,
            "/503" => write(stream, &whole("503 Service Unavailable", "", "no")).await,
            "/wait" => {
                let headers = "retry-after: 1\r\n";
                write(stream, &whole("503 Service Unavailable", headers, "no")).await
            }
            "/404" => write(stream, &whole("404 Not Found", "", "no")).await,
            "/reset" => {
                // Closed with bytes unread or a linger of zero, TCP sends a reset.
                let _ = stream.set_zero_linger();
                None
            }
            "/hang" => {
                tokio::time::sleep(Duration::from_secs(600)).await;
                None
            }
            "/drip" => {
                write(stream, "HTTP/1.1 200 OK\r\ncontent-length: 6000\r\n\r\n").await?;
                for _ in 0..6000 {
                    write(stream, "x").await?;
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Some(())
            }
            "/lie" => {
                write(
                    stream,
                    "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort",
                )
                .await?;
                None
            }
            "/rubbish" => {
                write(stream, "220 smtp.example.org ESMTP\r\n\r\n").await?;
                None
            }
            how => panic!("the backend knows no `{how}`"),
        }
    }
}

async fn write(stream: &mut TcpStream, text: &str) -> Option<()> {
    stream.write_all(text.as_bytes()).await.ok()?;
    stream.flush().await.ok()
}

/// Reads a request with its body, and returns its method and its path.
async fn request(stream: &mut TcpStream) -> Option<String> {
    let mut read = Vec::new();
    let head = loop {
        if let Some(end) = read.windows(4).position(|w| w == b"\r\n\r\n") {
            break end + 4;
        }
        (stream.read_buf(&mut read).await.ok()? > 0).then_some(())?;
    };
    let text = String::from_utf8_lossy(&read[..head]).to_lowercase();
    let length = text.lines().find_map(|l| l.strip_prefix("content-length:"));
    let length: usize = length.map_or(Ok(0), |l| l.trim().parse()).ok()?;
    while read.len() < head + length {
        (stream.read_buf(&mut read).await.ok()? > 0).then_some(())?;
    }
    let line = String::from_utf8_lossy(&read[..head]);
    let mut words = line.split(' ');
    Some(format!("{} {}", words.next()?, words.next()?))
}
