//! HTTP/1.1 servers on local ports, which count what comes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use resil_http::Verdict;
use resil_http::balance::{Picked, PooledClient};
use resil_runtime::{Class, clock};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use url::Url;

/// What a backend does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Does {
    /// The time until it answers.
    pub(crate) answers_after: Duration,
    /// The time after which it closes a connection that is idle; `None` for never.
    pub(crate) closes_idle_after: Option<Duration>,
}

pub(crate) const AT_ONCE: Does = Does {
    answers_after: Duration::ZERO,
    closes_idle_after: None,
};

pub(crate) struct Backend {
    pub(crate) address: SocketAddr,
    pub(crate) counts: Arc<Counts>,
    task: AbortHandle,
}

#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) requests: AtomicUsize,
    /// Connections that were opened.
    pub(crate) opened: AtomicUsize,
    /// Connections that are open.
    pub(crate) open: AtomicUsize,
    /// The most that were open at once.
    pub(crate) most_open: AtomicUsize,
}

impl Backend {
    pub(crate) async fn start(does: Does) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let counts = Arc::new(Counts::default());
        let task = tokio::spawn(serve(listener, does, Arc::clone(&counts)));
        Self {
            address,
            counts,
            task: task.abort_handle(),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn requests(&self) -> usize {
        self.counts.requests.load(SeqCst)
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, does: Does, counts: Arc<Counts>) {
    while let Ok((stream, _)) = listener.accept().await {
        counts.opened.fetch_add(1, SeqCst);
        let open = counts.open.fetch_add(1, SeqCst) + 1;
        counts.most_open.fetch_max(open, SeqCst);
        let counts = Arc::clone(&counts);
        tokio::spawn(async move {
            answer(stream, does, &counts).await;
            counts.open.fetch_sub(1, SeqCst);
        });
    }
}

/// Answers one request after the other. They have no body, so each ends with an empty line. The answer has the
/// `Host` of the request for a body.
async fn answer(mut stream: TcpStream, does: Does, counts: &Counts) {
    let mut read = Vec::new();
    loop {
        let mut buffer = [0; 1_024];
        let idle = does.closes_idle_after.unwrap_or(Duration::from_secs(3_600));
        match clock::within(clock::now() + idle, stream.read(&mut buffer)).await {
            Some(Ok(length)) if length > 0 => read.extend_from_slice(&buffer[..length]),
            _ => return,
        }
        if !read.ends_with(b"\r\n\r\n") {
            continue;
        }
        counts.requests.fetch_add(1, SeqCst);
        clock::sleep_until(clock::now() + does.answers_after).await;
        let text = String::from_utf8_lossy(&read).to_ascii_lowercase();
        let host = text
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .unwrap_or("");
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{host}",
            host.len()
        );
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        read.clear();
    }
}

/// Sends a request to what was picked, reports what came of it, and returns the body of the answer.
pub(crate) async fn send(client: &PooledClient, picked: Picked) -> reqwest::Result<String> {
    let endpoint = picked.endpoint();
    let mut url: Url = "http://service/path".parse().expect("a URL");
    endpoint.rewrite(&mut url);
    let mut request = client.at(endpoint)?.get(url);
    if let Some(host) = endpoint.host_header() {
        request = request.header(http::header::HOST, host);
    }
    let answer = async { request.send().await?.text().await }.await;
    picked.end(&match &answer {
        Ok(_) => Verdict::Success,
        Err(_) => Verdict::Failure {
            class: Class::Transient,
            may_repeat: true,
        },
    });
    answer
}
