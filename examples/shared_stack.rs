//! `resil::stack!` and `#[resil::apply]`: one policy, written once, on three functions of a client.

#![expect(clippy::disallowed_methods, reason = "an example runs in real time")]

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use resil::event::{self, Event};
use resil::{Error, breaker};

resil::stack! {
    /// How the bank is called: one breaker for all, four attempts, 80 ms for each.
    pub BANK = #[circuit(name = "bank", failures = 3, open_for = 30s)]
        #[retry(constant, base = 5ms, max = 4, jitter = none)]
        #[timeout(80ms)];
}

/// A bank that answers every third call.
#[derive(Default)]
struct Bank {
    calls: AtomicU32,
}

impl Bank {
    async fn ask(&self, what: &str) -> Result<String, Error> {
        match self.calls.fetch_add(1, Relaxed) % 3 {
            2 => Ok(format!("{what}: done")),
            // The timeout of the stack ends it.
            _ => std::future::pending().await,
        }
    }

    #[resil::apply(BANK)]
    async fn charge(&self, cents: u32) -> Result<String, Error> {
        self.ask(&format!("charge {cents}")).await
    }

    // Its own number of attempts, and one run of the body for each order.
    #[resil::apply(BANK, retry(max = 3), idempotent(key = order))]
    async fn refund(&self, order: u32) -> Result<String, Error> {
        self.ask(&format!("refund of order {order}")).await
    }

    // One attempt has not the time that it needs: it fails, and with it the bank's breaker.
    #[resil::apply(BANK, retry(max = 1))]
    async fn balance(&self) -> Result<String, Error> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        self.ask("balance").await
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let _listener = event::subscribe(|e| match e {
        Event::Retry {
            function, attempt, ..
        } => println!("    {function}: attempt {attempt} failed"),
        Event::CircuitChanged { name, to, .. } => println!("    the breaker `{name}` is {to:?}"),
        _ => {}
    });
    let bank = Bank::default();
    let shown = |answer: Result<String, Error>| answer.unwrap_or_else(|e| e.to_string());

    println!("A charge, as the stack says");
    println!("    {}", shown(bank.charge(500).await));
    println!("A refund, with three attempts");
    println!("    {}", shown(bank.refund(17).await));
    println!("The same refund again: a replay, and no call of the bank");
    println!("    {}", shown(bank.refund(17).await));

    println!("Three times the balance, for which the time is too short");
    for _ in 0..3 {
        println!("    {}", shown(bank.balance().await));
    }
    println!(
        "The name `bank` is one breaker for all functions under the stack: {:?}",
        breaker("bank").state()
    );
    println!("    {}", shown(bank.charge(700).await));
}
