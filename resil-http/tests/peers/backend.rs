//! A server that misbehaves on command: the path of a request says how.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use crate::peer::{Do, Seen, Server, answer, send};

/// A server of HTTP/1.1, byte by byte: a library would not let it lie.
pub(crate) struct Backend {
    pub(crate) address: SocketAddr,
    server: Server,
}

impl Backend {
    pub(crate) async fn start() -> Self {
        let before = Mutex::new(HashSet::new());
        let server = Server::start(move |_, request| {
            let is_first = before.lock().unwrap().insert(of(request));
            match request.path.strip_prefix("/once") {
                // The second one is answered as it should be.
                Some(_) if !is_first => does("/ok"),
                Some(how) => does(how),
                None => does(&request.path),
            }
        })
        .await;
        Self {
            address: server.at,
            server,
        }
    }

    /// Returns how often `method` and path were asked for, as `GET /reset`.
    pub(crate) fn seen(&self, request: &str) -> usize {
        let seen = self.server.seen();
        seen.iter().filter(|seen| of(seen) == request).count()
    }
}

fn of(request: &Seen) -> String {
    format!("{} {}", request.method, request.path)
}

fn does(how: &str) -> Vec<Do> {
    let no = |status, head: &[&str]| answer(status, head, "no");
    let then = |text: &str, end| [send(text), vec![end]].concat();
    match how {
        "/ok" => answer(200, &[], "fine"),
        "/503" => no(503, &[]),
        "/wait" => no(503, &["retry-after: 1"]),
        "/404" => no(404, &[]),
        "/reset" => vec![Do::Reset],
        "/hang" => vec![Do::Hang],
        "/drip" => then(
            "HTTP/1.1 200 OK\r\ncontent-length: 6000\r\n\r\n",
            Do::Drip(Duration::from_millis(100)),
        ),
        "/lie" => then(
            "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort",
            Do::Close,
        ),
        "/rubbish" => then("220 smtp.example.org ESMTP\r\n\r\n", Do::Close),
        how => panic!("the backend knows no `{how}`"),
    }
}
