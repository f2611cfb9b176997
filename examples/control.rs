//! Settings while the program runs: a file that changes under a program, the environment, and by hand.
//!
//! `cargo run --example control --features control`; with `RESIL_CONTROL_PRICE_RETRY_MAX=4` in front the
//! environment goes over the file.

#![allow(
    clippy::disallowed_methods,
    reason = "an example sleeps as a program of users does"
)]

use std::error::Error;
use std::fs;
use std::io;
use std::time::Duration;

use resil::{circuit, control, retry, timeout};

#[circuit(name = "prices", failures = 100)]
#[timeout(2s)]
#[retry(constant, max = 3, base = 10ms)]
async fn price(item: &str) -> io::Result<u32> {
    println!("    asked for {item}");
    Err(io::ErrorKind::ConnectionReset.into())
}

/// Calls once, and shows what is in force.
async fn show(what: &str) {
    println!("{what}");
    let _ = price("tea").await;
    for layer in control().in_force() {
        println!("    {layer}");
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    show("As the attributes say:").await;

    let path = std::env::temp_dir().join(format!("resil-{}.toml", std::process::id()));
    fs::write(
        &path,
        "[function.\"control::price\".retry]\nmax = 2\nbase = \"20ms\"\n",
    )?;
    let watching = control().watch_every(&path, Duration::from_millis(50))?;
    show("A file is loaded, and watched:").await;

    fs::write(
        &path,
        "[name.prices.circuit]\nopen_for = \"5s\"\n[function.\"control::price\"]\nretry = \"off\"\n",
    )?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    show("The file has changed:").await;

    fs::write(&path, "[name.prices.circuit]\nopen_for = 5\n")?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    println!("The file has a fault, and what was in force stays:");
    for fault in control().faults() {
        println!("    {}", fault.to_string().replace('\n', "\n    "));
    }

    control().function("control::price").on("retry")?;
    control()
        .function("control::price")
        .retry(|retry| retry.max(2))?;
    show("By hand goes over all:").await;

    drop(watching);
    fs::remove_file(&path)?;
    Ok(())
}
