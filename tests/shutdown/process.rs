//! A server, seen from the test.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::child::TOLD;

/// Longer than anything takes on a busy host: who is not done by then is stuck.
const STUCK: Duration = Duration::from_secs(30);

pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    from: Lines<BufReader<ChildStdout>>,
}

impl Server {
    pub(crate) async fn start(book: &Path, store: Option<&Path>) -> Self {
        let mut told = format!("--address\t127.0.0.1:0\t--book\t{}", book.display());
        if let Some(store) = store {
            told = format!("{told}\t--store\t{}", store.display());
        }
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "child::child", "--nocapture", "--test-threads=1"])
            .env(TOLD, told)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("a server");
        let from = BufReader::new(child.stdout.take().expect("its stdout")).lines();
        let mut server = Self {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            from,
        };
        let address = server.hear("listening on ").await;
        server.address = address.parse().expect("an address");
        server
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The rest of its next line that has this in it; the test harness writes some before ours.
    pub(crate) async fn hear(&mut self, begin: &str) -> String {
        loop {
            let line = timeout(STUCK, self.from.next_line()).await;
            let line = line
                .expect("a server that is not stuck")
                .expect("its stdout");
            let line = line.unwrap_or_else(|| panic!("it ended before it said `{begin}`"));
            if let Some((_, rest)) = line.split_once(begin) {
                return rest.to_owned();
            }
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id().expect("it runs")).expect("an id");
        let pid = Pid::from_raw(id).expect("an id above zero");
        kill_process(pid, signal).expect("a server that can be signalled");
    }

    pub(crate) async fn ended(mut self) -> ExitStatus {
        let ended = timeout(STUCK, self.child.wait()).await;
        ended.expect("a server that ends").expect("its status")
    }
}
