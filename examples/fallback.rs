//! `#[fallback]` in a shop whose price service goes down. Prices that were seen before are shown, a
//! little old; others are estimated. Nobody sees an error.

#![expect(clippy::disallowed_methods, reason = "an example runs in real time")]

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use resil::event::{self, Event};
use resil::{circuit, fallback, retry};

#[derive(Debug, thiserror::Error)]
enum PriceError {
    #[error("no such article")]
    NotFound,
    #[error("the price service does not answer")]
    Down,
    #[error(transparent)]
    Resil(#[from] resil::Error),
}

static IS_UP: AtomicBool = AtomicBool::new(true);
static ASKED: AtomicU32 = AtomicU32::new(0);

/// Asks the price service.
async fn ask(article: &str) -> Result<u32, PriceError> {
    ASKED.fetch_add(1, Relaxed);
    tokio::time::sleep(Duration::from_millis(2)).await;
    match article {
        _ if !IS_UP.load(Relaxed) => Err(PriceError::Down),
        "unicorn" => Err(PriceError::NotFound),
        article => Ok(u32::try_from(article.len()).unwrap_or(0) * 10),
    }
}

// The last good price of each article, up to ten minutes old. It answers the refusals of the open circuit
// too. An article that does not exist is no reason to show an old price.
#[fallback(last_ok, max_age = 10m, key = article, unless(PriceError::NotFound))]
#[circuit(name = "prices", failures = 2)]
#[retry(max = 2, base = 5ms)]
async fn price(article: &str) -> Result<u32, PriceError> {
    ask(article).await
}

// Where there is no price, an estimate: the error decides what comes in its place.
#[fallback(|error| match error {
    PriceError::NotFound => "we have none".to_owned(),
    _ => format!("about {}", 15 * article.len()),
})]
async fn label(article: &str) -> Result<String, PriceError> {
    Ok(price(article).await?.to_string())
}

// On a function that is not async the policies are the same, and block the thread.
#[fallback(0)]
#[retry(max = 3, base = 1ms)]
fn stock(file: &str) -> Result<usize, std::io::Error> {
    Ok(std::fs::read_to_string(file)?.lines().count())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let _listener = event::subscribe(|e| {
        if let Event::FellBack {
            function, error, ..
        } = e
        {
            let function = function.rsplit("::").next().unwrap_or(function);
            println!(
                "      {function} fell back: {}",
                error.as_deref().unwrap_or("-")
            );
        }
    });
    for (is_up, what) in [(true, "the service is up"), (false, "the service is down")] {
        IS_UP.store(is_up, Relaxed);
        println!("\n{what}");
        let articles = if is_up {
            vec!["lamp", "chair", "unicorn"]
        } else {
            vec!["lamp", "chair", "sofa"]
        };
        for article in articles {
            let label = label(article)
                .await
                .unwrap_or_else(|e| format!("error: {e}"));
            println!("  {article:<8} {label}");
        }
    }
    println!("\nin stock: {}", stock("no such file").unwrap_or(1));
    println!("the service was asked {} times", ASKED.load(Relaxed));
}
