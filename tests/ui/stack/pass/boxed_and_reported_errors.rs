//! `Box<dyn Error + Send + Sync>`, `anyhow` with context, `eyre`: `?` from anything, resil's own
//! errors found by downcast, and known again across functions.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;
use std::error::Error as StdError;

use anyhow::Context as _;
use resil::{Error, breaker, circuit, retry, timeout};

#[timeout(1s)]
#[retry(base = 1ms)]
async fn boxed(text: &str, runs: &Cell<u32>) -> Result<(), Box<dyn StdError + Send + Sync>> {
    runs.set(runs.get() + 1);
    let number: u32 = text.parse()?;
    if number == 0 {
        return Err("zero".into());
    }
    std::future::pending().await
}

#[circuit(name = "config")]
#[timeout(1s)]
async fn config(text: &str) -> anyhow::Result<u32> {
    let (key, value) = text
        .split_once('=')
        .with_context(|| format!("`{text}` has no `=`"))?;
    value
        .trim()
        .parse()
        .context(format!("the value of `{}`", key.trim()))
}

#[retry(base = 1ms)]
async fn start(text: &str, runs: &Cell<u32>) -> anyhow::Result<u32> {
    runs.set(runs.get() + 1);
    config(text).await.context("while starting")
}

#[timeout(10ms)]
async fn report() -> eyre::Result<()> {
    std::future::pending().await
}

#[tokio::test(start_paused = true)]
async fn main() {
    let runs = Cell::new(0);
    let error = boxed("x", &runs).await.unwrap_err();
    assert!(error.is::<std::num::ParseIntError>());
    assert_eq!(boxed("0", &runs).await.unwrap_err().to_string(), "zero");
    assert_eq!(runs.take(), 6);
    let timed_out = boxed("1", &runs).await.unwrap_err();
    assert!(matches!(
        timed_out.downcast_ref(),
        Some(Error::Timeout { .. })
    ));
    assert_eq!(runs.take(), 1);
    assert!(report().await.unwrap_err().is::<Error>());

    assert_eq!(start("port = 80", &runs).await.ok(), Some(80));
    let chain: Vec<String> = start("port", &runs)
        .await
        .unwrap_err()
        .chain()
        .map(ToString::to_string)
        .collect();
    assert_eq!(chain, ["while starting", "`port` has no `=`"]);
    assert_eq!(runs.take(), 4);
    breaker("config").force_open();
    let refused = start("port = 80", &runs).await.unwrap_err();
    assert_eq!(
        (refused.to_string().as_str(), runs.take()),
        ("while starting", 1),
        "known under the context"
    );
}
