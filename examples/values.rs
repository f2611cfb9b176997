//! Policies as values: one stack for an upstream, run at several places, and one policy by itself.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use resil::stack::Layer;
use resil::{CircuitPolicy, RetryPolicy, Stack, TimeoutPolicy};
#[cfg(feature = "idempotent")]
use resil::{IdempotentPolicy, KeyedStack};

#[derive(Debug, thiserror::Error, resil::Classify)]
enum PayError {
    #[error("connection reset")]
    #[transient]
    Reset,
    #[error("the card was declined")]
    #[permanent]
    Declined,
    #[error(transparent)]
    #[classify(forward)]
    Resil(#[from] resil::Error),
}

struct Order {
    id: u32,
}

/// Counts the requests to the provider.
static ASKED: AtomicU32 = AtomicU32::new(0);

/// Answers every third time.
async fn charge_once(order: &Order) -> Result<String, PayError> {
    match (order.id, ASKED.fetch_add(1, Relaxed) % 3) {
        (13, _) => Err(PayError::Declined),
        (_, 2) => Ok(format!("paid order {}", order.id)),
        _ => Err(PayError::Reset),
    }
}

const CIRCUIT: CircuitPolicy = CircuitPolicy::new().failures(5);
const STANDARD: RetryPolicy = RetryPolicy::new().max(4).base(Duration::from_millis(20));

// The compiler checks it: with `.timeout(Duration::from_secs(10))` in the end it would say that this timeout
// never fires.
static PAY: Stack = Stack::new("pay")
    .circuit(CIRCUIT)
    .timeout(Duration::from_secs(5))
    .retry(STANDARD)
    .timeout(Duration::from_secs(1));

// Each call has a key, and each key is charged once.
#[cfg(feature = "idempotent")]
static ONCE: KeyedStack = IdempotentPolicy::new().around(
    Stack::new("pay.once")
        .circuit(CIRCUIT)
        .retry(STANDARD)
        .timeout(Duration::from_secs(1)),
);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let order = Order { id: 7 };
    let receipt = PAY.run(|| charge_once(&order)).await;
    println!("{receipt:?} after {} requests", ASKED.load(Relaxed));

    // A permanent error is not tried again.
    let declined = PAY.run(|| charge_once(&Order { id: 13 })).await;
    println!("{declined:?} after {} requests", ASKED.load(Relaxed));

    // A double click: the second call gets the receipt of the first one.
    #[cfg(feature = "idempotent")]
    for _ in 0..2 {
        let receipt = ONCE.run(&order.id, || charge_once(&order)).await;
        println!("{receipt:?} after {} requests", ASKED.load(Relaxed));
    }

    // One policy by itself. Its budget belongs to this line.
    let receipt = STANDARD.run(|| charge_once(&order)).await;
    println!("{receipt:?}");

    // An upstream that is known at run time only. What is wrong is said in the words of the attributes.
    let layers = |limit| -> [Layer; 3] {
        [
            TimeoutPolicy::new(Duration::from_secs(2)).into(),
            STANDARD.into(),
            TimeoutPolicy::new(limit).into(),
        ]
    };
    match Stack::try_new("from.a.file", layers(Duration::from_secs(3))) {
        Ok(stack) => println!("{stack:?}"),
        Err(error) => println!("{error}"),
    }
    let upstream = Stack::try_new("from.a.file", layers(Duration::from_millis(500)));
    let upstream = upstream.expect("it breaks no rule");
    let receipt = upstream.run(|| charge_once(&order)).await;
    println!(
        "{receipt:?}, the breaker of `pay` is {:?}",
        resil::breaker("pay").state()
    );
}
