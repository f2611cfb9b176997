//! A backend that is a process of its own, and can be killed.

use std::io::Read as _;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use axum::Router;
use axum::routing::get;

use crate::support::free_address;

const ADDRESS: &str = "RESIL_PEER_ADDRESS";

/// A backend in a process of its own. It ends with this.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Process {
    pub(crate) fn start() -> Self {
        Self::at(free_address())
    }

    fn at(address: SocketAddr) -> Self {
        // The test below, of this very program.
        let child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "process::serves", "--nocapture"])
            .env(ADDRESS, address.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while std::net::TcpStream::connect(address).is_err() {
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "it does not listen"
            );
            thread::sleep(Duration::from_millis(10));
        }
        Self { child, address }
    }

    /// Kills it, in the middle of whatever it does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again, at the address that it had.
    pub(crate) fn restart(&mut self) {
        *self = Self::at(self.address);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Not a test but the backend, where the environment says so.
#[test]
fn serves() {
    let Ok(address) = env::var(ADDRESS) else {
        return;
    };
    // It ends with the process that has started it, however that ends.
    thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let work = || async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            "done"
        };
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let app = Router::new().route("/work", get(work));
        axum::serve(listener, app).await.unwrap();
    });
}
