//! `#[idempotent]` on a payment. A double click charges once, and a reload gets the same receipt. A key
//! that comes again with another amount is refused, and a charge that was cut in mid-flight is not
//! repeated.

#![expect(clippy::disallowed_methods, reason = "an example runs in real time")]

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use resil::event::{self, Event};
use resil::{idempotent, timeout};
use tokio::time::sleep;

struct Order {
    id: u32,
    cents: u32,
}

#[derive(Debug, thiserror::Error)]
enum PayError {
    #[error("the card was declined")]
    Declined,
    #[error(transparent)]
    Resil(#[from] resil::Error),
}

/// Counts the charges.
static CHARGED: AtomicU32 = AtomicU32::new(0);

// One charge for an order id. `fingerprint` refuses the same id with another amount. With `indeterminate`
// a charge that was cut after the money moved is never started again.
#[idempotent(key = order.id, fingerprint = order.cents, on_abandon = indeterminate)]
#[timeout(200ms)]
async fn charge(order: &Order, provider_takes: u64) -> Result<String, PayError> {
    let Order { id, cents } = *order;
    sleep(Duration::from_millis(20)).await;
    if cents > 100_000 {
        return Err(PayError::Declined);
    }
    println!("    the provider charges {cents} cents for order {id}");
    let number = CHARGED.fetch_add(1, Relaxed) + 1;
    sleep(Duration::from_millis(provider_takes)).await;
    Ok(format!("receipt {number}, {cents} cents"))
}

fn show(who: &str, out: &Result<String, PayError>) {
    match out {
        Ok(receipt) => println!("    {who}: {receipt}"),
        Err(e) => println!("    {who}: {e}"),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let _listener = event::subscribe(|e| {
        if let Event::Idempotency { what, key, .. } = e {
            println!("    [{what:?}, key {key:08x}]");
        }
    });
    let order = |id, cents| Order { id, cents };
    println!("A double click on order 1");
    let one = order(1, 999);
    let (a, b) = tokio::join!(charge(&one, 30), charge(&one, 30));
    show("first click", &a);
    show("second click", &b);
    println!("\nThe page is reloaded");
    show("reload", &charge(&one, 30).await);
    println!("\nThe same id comes with another amount");
    show("other amount", &charge(&order(1, 1), 30).await);
    println!("\nOrder 2 is declined: nothing was done, so it may be tried again");
    show("first try", &charge(&order(2, 250_000), 30).await);
    show("smaller amount", &charge(&order(2, 50_000), 30).await);
    println!("\nOrder 3: the provider charges, and then does not answer in time");
    show("first try", &charge(&order(3, 500), 900).await);
    show("second try", &charge(&order(3, 500), 30).await);
    println!("\nThree orders, {} charges.", CHARGED.load(Relaxed));
}
