//! A backend: a process that knows the prices, and has orders charged by the bank.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use resil::Client;
use resil::http::server::DeadlineLayer;
use tokio::net::TcpListener;
use tokio::time::sleep;

use super::gateway::BACKEND;

/// The process of a backend. It ends with this.
pub(crate) struct Backend {
    name: &'static str,
    child: Child,
    port: u16,
    pub(crate) url: String,
}

impl Backend {
    /// Starts a backend, which charges at `bank`.
    pub(crate) fn start(name: &'static str, bank: &str) -> Result<Self, Box<dyn Error>> {
        let (child, port) = spawn(name, 0, bank)?;
        let url = format!("http://127.0.0.1:{port}");
        Ok(Self {
            name,
            child,
            port,
            url,
        })
    }

    /// Kills it, whatever it does.
    pub(crate) fn kill(&mut self) -> Result<(), Box<dyn Error>> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts it again where it was.
    pub(crate) fn start_again(&mut self, bank: &str) -> Result<(), Box<dyn Error>> {
        (self.child, self.port) = spawn(self.name, self.port, bank)?;
        Ok(())
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// Starts this program as a backend, and returns the port that it says.
fn spawn(name: &str, port: u16, bank: &str) -> Result<(Child, u16), Box<dyn Error>> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["backend", name, &port.to_string(), bank])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    let stdout = child.stdout.take().ok_or("it has no output")?;
    BufReader::new(stdout).read_line(&mut line)?;
    let port = line.trim().parse();
    let port = port.map_err(|_| format!("backend {name} did not start"))?;
    Ok((child, port))
}

#[derive(Clone)]
struct Shop {
    name: HeaderValue,
    bank: Client,
}

/// The main function of a backend.
pub(crate) async fn serve(name: &str, port: u16, bank: &str) -> Result<ExitCode, Box<dyn Error>> {
    // It ends with the program that has started it, however that ends.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let shop = Shop {
        name: HeaderValue::from_str(name)?,
        bank: Client::builder("bank").base_url(bank).build()?,
    };
    let app = Router::new()
        .route("/price/{item}", get(price))
        .route("/orders", post(order))
        .with_state(shop)
        .layer(DeadlineLayer::new());
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("{}", listener.local_addr()?.port());
    axum::serve(listener, app).await?;
    Ok(ExitCode::SUCCESS)
}

async fn price(State(shop): State<Shop>) -> Response {
    sleep(Duration::from_millis(5)).await;
    ([(BACKEND, shop.name)], "250").into_response()
}

/// Charges an order, under the key that came with it: whichever backend asks the bank, it charges once.
async fn order(State(shop): State<Shop>, headers: HeaderMap, order: Bytes) -> Response {
    let Some(key) = headers.get("idempotency-key") else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let charge = shop.bank.post("/charges").body(order);
    let charged = charge.header("idempotency-key", key.clone()).send().await;
    let status = match charged {
        Ok(answer) => answer.status(),
        Err(_) => StatusCode::BAD_GATEWAY,
    };
    (status, [(BACKEND, shop.name)]).into_response()
}
