//! `#[circuit]` in front of a service that goes down and comes back. While the service is down, the
//! circuit refuses calls at once and leaves the service alone. A probe finds out when it is back.

#![expect(clippy::disallowed_methods, reason = "an example runs in real time")]

use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use resil::event::{self, Event};
use resil::{Error, breaker, circuit};

#[derive(Debug, thiserror::Error)]
enum StockError {
    #[error("the warehouse does not answer")]
    Down,
    #[error(transparent)]
    Resil(#[from] Error),
}

/// Counts the calls that reached the warehouse.
static ASKED: AtomicU32 = AtomicU32::new(0);

// Opens for 100 ms when half of the last ten calls have failed, and for 200 ms after a failed probe. All
// functions that give the name "warehouse" share the breaker.
#[circuit(name = "warehouse", failure_rate = 50%, window = 10, open_for = 100ms, open_max = 200ms)]
async fn stock(is_up: bool) -> Result<u32, StockError> {
    ASKED.fetch_add(1, Relaxed);
    if is_up { Ok(42) } else { Err(StockError::Down) }
}

// Another function that calls the warehouse: a failure of `stock` counts for it too.
#[circuit(name = "warehouse")]
async fn reserve(item: &str) -> Result<String, StockError> {
    ASKED.fetch_add(1, Relaxed);
    Ok(format!("one {item} is yours"))
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let start = Instant::now();
    let _listener = event::subscribe(move |e| {
        if let Event::CircuitChanged { from, to, .. } = e {
            print!(
                "\n{:>4} ms  {from:?} -> {to:?}  ",
                start.elapsed().as_millis()
            );
        }
    });
    println!(". answered   F failed   x refused by the circuit\n");
    print!("   0 ms  the warehouse is up    ");
    for tick in 0..110 {
        if let 20 | 70 = tick {
            let what = if tick == 20 {
                "it goes down"
            } else {
                "it is back"
            };
            print!("\n{:>4} ms  {what}  ", start.elapsed().as_millis());
        }
        let letter = match stock(!(20..70).contains(&tick)).await {
            Ok(_) => '.',
            Err(StockError::Resil(_)) => 'x',
            Err(StockError::Down) => 'F',
        };
        print!("{letter}");
        if tick == 45 {
            let answer = reserve("lamp").await.unwrap_or_else(|e| e.to_string());
            print!("\n         a lamp? {answer}\n         ");
        }
        let _ = std::io::stdout().flush();
        tokio::time::sleep(Duration::from_millis(8)).await;
    }
    let asked = ASKED.load(Relaxed);
    println!("\n\n110 calls, of which the warehouse saw {asked}.");
    println!("{:?}", breaker("warehouse"));
}
