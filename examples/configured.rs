//! A gateway that doesn't know its upstreams when it is compiled: it reads a stack of policies for each of
//! them, says what is in force, and tells people what is wrong with what they wrote.
//!
//! ```sh
//! cargo run --example configured --features serde
//! cargo run --example configured --features serde -- gateway.toml
//! ```

use std::collections::HashMap;
use std::fmt;

use resil::{Error, Stack};
use serde::Deserialize;

/// What an operator writes. Options and values are those of the attributes.
const UPSTREAMS: &str = r#"
[[upstream]]
name = "payments"
layers = [
    { circuit = { failure_rate = "50%", window = "60s", open_for = "10s" } },
    { timeout = "5s" },
    { retry = { max = 4, base = "50ms" } },
    { timeout = "800ms" },
]

[[upstream]]
name = "search"
layers = [
    { bulkhead = { max = 16, queue = 64, wait = "100ms" } },
    { retry = { constant = true, base = "20ms", max = 2 } },
    { timeout = "300ms" },
]
"#;

/// A file in which three things are wrong.
const FAULTY: &str = r#"
[[upstream]]
name = "payments"
layers = [
    { timeout = "1s" },
    { retry = { max_retries = 3, base = 50 } },
    { timeout = "2s" },
]
"#;

#[derive(Deserialize)]
struct Gateway {
    upstream: Vec<Stack>,
}

/// The stacks by the names of their upstreams.
struct Upstreams(HashMap<&'static str, Stack>);

impl Upstreams {
    fn read(toml: &str) -> Result<Self, toml::de::Error> {
        let gateway: Gateway = toml::from_str(toml)?;
        let stacks = gateway.upstream.into_iter();
        Ok(Self(stacks.map(|stack| (stack.name(), stack)).collect()))
    }

    /// Sends a request to an upstream, under its policies.
    async fn send(&self, upstream: &str, path: &str) -> Result<String, GatewayError> {
        let Some(stack) = self.0.get(upstream) else {
            return Err(GatewayError::NoUpstream(upstream.to_owned()));
        };
        stack.run(|| forward(upstream, path)).await
    }
}

/// Stands for a call over the network.
async fn forward(upstream: &str, path: &str) -> Result<String, GatewayError> {
    Ok(format!("{upstream} answers {path}"))
}

#[derive(Debug)]
enum GatewayError {
    NoUpstream(String),
    Refused(Error),
}

impl From<Error> for GatewayError {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl fmt::Display for GatewayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoUpstream(name) => write!(f, "there is no upstream `{name}`"),
            Self::Refused(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for GatewayError {}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    if let Some(path) = std::env::args().nth(1) {
        let upstreams = Upstreams::read(&std::fs::read_to_string(path)?)?;
        println!("{} upstreams", upstreams.0.len());
        return Ok(());
    }
    let upstreams = Upstreams::read(UPSTREAMS)?;
    println!("{}", upstreams.send("payments", "/charges").await?);
    println!("{}", upstreams.send("search", "/?q=resil").await?);

    println!("\nin force for `search`, defaults too:");
    println!("{}", toml::to_string(&upstreams.0["search"])?);

    if let Err(error) = Upstreams::read(FAULTY) {
        println!("a file with three faults:\n{}", error.message());
    }
    Ok(())
}
