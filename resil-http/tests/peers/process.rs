//! A backend that is a process of its own, and can be killed.

use std::collections::HashMap;
use std::io::Read as _;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::free_address;

const ADDRESS: &str = "RESIL_PEER_ADDRESS";
const EFFECTS: &str = "RESIL_PEER_EFFECTS";

/// Counts effects by their number, outside of the processes that have them: what is killed takes no count with it.
pub(crate) struct Effects {
    pub(crate) address: SocketAddr,
    counts: Arc<Mutex<HashMap<u32, u32>>>,
}

impl Effects {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let counts = Arc::new(Mutex::new(HashMap::new()));
        let own = Arc::clone(&counts);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let counts = Arc::clone(&own);
                tokio::spawn(async move {
                    // A number, and an answer when it was counted.
                    if let Ok(number) = stream.read_u32().await {
                        *counts.lock().unwrap().entry(number).or_default() += 1;
                        let _ = stream.write_u8(1).await;
                    }
                });
            }
        });
        Self { address, counts }
    }

    pub(crate) fn counts(&self) -> HashMap<u32, u32> {
        self.counts.lock().unwrap().clone()
    }
}

/// Has the effect of this number.
async fn has_effect(number: u32) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(env::var(EFFECTS).unwrap()).await?;
    stream.write_u32(number).await?;
    stream.read_u8().await.map(drop)
}

/// A backend in a process of its own. It ends with this.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
    effects: Option<SocketAddr>,
}

impl Process {
    /// Starts it. Its `POST /effect/{number}` tells `effects`.
    pub(crate) fn start(effects: Option<SocketAddr>) -> Self {
        Self::at(free_address(), effects)
    }

    fn at(address: SocketAddr, effects: Option<SocketAddr>) -> Self {
        // The test below, of this very program.
        let child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "process::serves", "--nocapture"])
            .env(ADDRESS, address.to_string())
            .envs(effects.map(|effects| (EFFECTS, effects.to_string())))
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
        Self {
            child,
            address,
            effects,
        }
    }

    /// Kills it, in the middle of whatever it does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again, at the address that it had.
    pub(crate) fn restart(&mut self) {
        *self = Self::at(self.address, self.effects);
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
        let listener = TcpListener::bind(address).await.unwrap();
        let effect = |Path(number): Path<u32>| async move {
            match has_effect(number).await {
                Ok(()) => StatusCode::OK,
                Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
            }
        };
        let app = Router::new()
            .route("/work", get(work))
            .route("/effect/{number}", post(effect));
        axum::serve(listener, app).await.unwrap();
    });
}
