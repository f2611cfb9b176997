//! A worker, seen from the test.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::child::TOLD;
use crate::staged::Point;

/// Longer than anything takes on a busy host: who is not done by then is stuck.
pub(crate) const STUCK: Duration = Duration::from_secs(60);

pub(crate) struct Worker {
    child: Child,
    to: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
}

impl Worker {
    /// A process that comes to a halt at that point.
    pub(crate) async fn start(at: Point, store: &str, ledger: &std::path::Path) -> Self {
        let told = format!("{}\t{store}\t{}", at.name(), ledger.display());
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "child::child", "--nocapture", "--test-threads=1"])
            .env(TOLD, told)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("a worker");
        let to = child.stdin.take().expect("its stdin");
        let from = child.stdout.take().expect("its stdout");
        let from = BufReader::new(from).lines();
        let mut worker = Self { child, to, from };
        worker.hear("ready").await;
        worker
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("a worker that runs")
    }

    pub(crate) async fn tell(&mut self, line: &str) {
        let line = format!("{line}\n");
        self.to.write_all(line.as_bytes()).await.expect("a reader");
    }

    /// Its next line.
    pub(crate) async fn line(&mut self) -> Option<String> {
        loop {
            let line = tokio::time::timeout(STUCK, self.from.next_line()).await;
            let line = line.expect("a worker that is not stuck");
            let line = line.expect("its stdout")?;
            if let Some(said) = line.strip_prefix('@') {
                return Some(said.to_owned());
            }
        }
    }

    /// The rest of the line that begins so; it must come.
    pub(crate) async fn hear(&mut self, begin: &str) -> String {
        while let Some(line) = self.line().await {
            if let Some(rest) = line.strip_prefix(begin) {
                return rest.trim().to_owned();
            }
        }
        panic!("a worker ended before it said `{begin}`");
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.id()).expect("an id");
        let pid = Pid::from_raw(id).expect("an id above zero");
        kill_process(pid, signal).expect("a worker that can be signalled");
    }

    pub(crate) async fn ended(mut self) -> ExitStatus {
        drop(self.to);
        self.child.wait().await.expect("its status")
    }
}
