//! The servers that `./test` starts, and servers of a test's own: one that is stopped, killed or
//! set wrongly must be nobody else's.

#![allow(dead_code, unreachable_pub, reason = "each feature uses a part of it")]

pub mod attribute;
mod exported;
pub mod proxy;
pub mod records;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use exported::exported;
use rustix::process::{Pid, Signal, kill_process};

/// The URL of the Redis that all tests share; `None` if no servers were started.
pub fn redis() -> Option<String> {
    exported("RESIL_TEST_REDIS")
}

/// The URL of the PostgreSQL that all tests share.
pub fn postgres() -> Option<String> {
    exported("RESIL_TEST_POSTGRES")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Redis,
    Postgres,
}

/// A server of one test. It ends with it.
pub struct Own {
    dir: PathBuf,
    kind: Kind,
    pub url: String,
}

fn script(command: &str, dir: &Path, which: &str) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/servers");
    let mut run = Command::new(script);
    run.arg(command).arg(dir);
    if !which.is_empty() {
        run.arg(which);
    }
    run.output().expect("scripts/servers runs")
}

impl Own {
    /// `None` where there are no servers at all.
    pub async fn start(kind: Kind) -> Option<Self> {
        exported("RESIL_TEST_SERVERS")?;
        let n: u64 = rand::random();
        let mut own = Self {
            dir: std::env::temp_dir().join(format!("resil-own-{n:016x}")),
            kind,
            url: String::new(),
        };
        own.start_again().await;
        Some(own)
    }

    /// The same one again, on its port and with its data, when it was killed.
    pub async fn start_again(&mut self) {
        let (dir, kind) = (self.dir.clone(), self.kind);
        let which = match kind {
            Kind::Redis => "redis",
            Kind::Postgres => "postgres",
        };
        let started = tokio::task::spawn_blocking(move || script("start", &dir, which));
        let started = started.await.expect("the start does not panic");
        let said = String::from_utf8_lossy(&started.stdout);
        let name = match kind {
            Kind::Redis => "export RESIL_TEST_REDIS=",
            Kind::Postgres => "export RESIL_TEST_POSTGRES=",
        };
        let url = said.lines().find_map(|line| line.strip_prefix(name));
        let errors = String::from_utf8_lossy(&started.stderr);
        let url = url.unwrap_or_else(|| panic!("{said}{errors}"));
        url.clone_into(&mut self.url);
    }

    fn pid(&self) -> Pid {
        let file = match self.kind {
            Kind::Redis => "redis.pid",
            Kind::Postgres => "postgres/postmaster.pid",
        };
        let text = std::fs::read_to_string(self.dir.join(file)).expect("it runs");
        let pid = text.lines().next().and_then(|pid| pid.trim().parse().ok());
        pid.and_then(Pid::from_raw).expect("a pid")
    }

    /// The server and what it has forked: a connection to PostgreSQL is a process.
    fn all(&self) -> Vec<Pid> {
        let first = self.pid();
        let raw = first.as_raw_nonzero();
        let children = std::fs::read_to_string(format!("/proc/{raw}/task/{raw}/children"));
        let children = children.unwrap_or_default();
        let children = children
            .split_ascii_whitespace()
            .filter_map(|pid| pid.parse().ok());
        std::iter::once(first)
            .chain(children.filter_map(Pid::from_raw))
            .collect()
    }

    /// All of it stands still for so long.
    pub async fn freeze(&self, time: Duration) {
        self.stop();
        tokio::time::sleep(time).await;
        self.go_on();
    }

    /// All of it stands still.
    pub fn stop(&self) {
        self.signal(Signal::STOP);
    }

    /// What stands still goes on.
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        for pid in self.all() {
            let _ = kill_process(pid, signal);
        }
    }

    /// SIGKILL to all of it.
    pub fn kill(&self) {
        for pid in self.all() {
            let _ = kill_process(pid, Signal::KILL);
        }
    }

    /// Kills it, and starts it with one more line in its configuration.
    pub async fn reconfigure(&mut self, line: &str) {
        self.kill();
        let file = match self.kind {
            Kind::Redis => "redis.conf",
            Kind::Postgres => "postgres/postgresql.conf",
        };
        let file = std::fs::OpenOptions::new()
            .append(true)
            .open(self.dir.join(file));
        let written = file.and_then(|mut file| writeln!(file, "{line}"));
        written.expect("its configuration");
        self.start_again().await;
    }

    /// Kills it, and starts it as a replica of nobody: it reads, and takes no writes.
    pub async fn make_standby(&mut self) {
        self.kill();
        let signal = self.dir.join("postgres/standby.signal");
        std::fs::write(signal, "").expect("its folder");
        self.start_again().await;
    }

    /// The port in its URL.
    pub fn port(&self) -> u16 {
        port(&self.url)
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        drop(script("stop", &self.dir, ""));
    }
}

/// The port in a URL.
pub fn port(url: &str) -> u16 {
    let rest = url.rsplit_once(':').expect("a port").1;
    let digits = rest.split('/').next().expect("a port");
    digits.parse().expect("a port")
}

/// The same URL with another port.
pub fn at_port(url: &str, other: u16) -> String {
    url.replace(&format!(":{}/", port(url)), &format!(":{other}/"))
}

/// The password in a URL.
pub fn password(url: &str) -> &str {
    let rest = url.split_once("://").expect("a URL").1;
    let who = rest.split_once('@').expect("credentials").0;
    who.split_once(':').expect("a password").1
}

/// The same URL with another password.
pub fn with_password(url: &str, other: &str) -> String {
    url.replace(password(url), other)
}

/// A connection beside the store.
pub async fn postgres_by_hand(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
        .await
        .expect("it answers");
    tokio::spawn(connection);
    client
}
