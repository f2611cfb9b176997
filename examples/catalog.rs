//! Prints what the program has of policies: each function with its stack, its worst case and its live state,
//! and the graph of who calls whom.
//!
//! `cargo run --example catalog --features catalog`

#![allow(
    clippy::disallowed_methods,
    reason = "an example sleeps as a program of users does"
)]

use std::time::Duration;

use resil::{BulkheadPolicy, Stack, bulkhead, circuit, fallback, rate_limit, retry, timeout};

type Out<T> = Result<T, resil::Error>;

#[timeout(5s)]
async fn checkout(order: u32) -> Out<u32> {
    let price = price(order).await?;
    charge(order, price).await?;
    MAIL.run(|| receipt(order)).await?;
    Ok(price)
}

#[fallback(Ok(100))]
#[retry(max = 2, base = 10ms)]
#[timeout(300ms)]
async fn price(order: u32) -> Out<u32> {
    tokio::time::sleep(Duration::from_millis(20)).await;
    Ok(order * 10)
}

#[circuit(name = "bank", failures = 3, open_for = 30s)]
#[retry(max = 3, base = 10ms)]
#[timeout(800ms)]
async fn charge(order: u32, price: u32) -> Out<()> {
    // The bank is down for odd orders.
    if order % 2 == 1 {
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    println!("order {order}: charged {price}");
    Ok(())
}

#[rate_limit(name = "mail", max = 10, per = 1s)]
async fn receipt(order: u32) -> Out<()> {
    println!("order {order}: a receipt is on its way");
    Ok(())
}

/// Nobody has asked for one yet.
#[bulkhead(max = 2, queue = 10, wait = 1s)]
async fn report() -> Out<()> {
    Ok(())
}

static MAIL: Stack = Stack::new("mailer").bulkhead(BulkheadPolicy::new().max(4));

#[tokio::main]
async fn main() {
    for order in 2..6 {
        if let Err(error) = checkout(order).await {
            println!("order {order}: {error}");
        }
    }
    if std::env::args().any(|argument| argument == "--report") {
        report().await.expect("a report");
    }

    let catalog = resil::catalog();
    println!("\n{catalog}\n\n{}", catalog.to_mermaid());
}
