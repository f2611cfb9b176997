//! `#[retry]` in front of a service that stumbles: growing delays with jitter, an error that is final, a
//! service that says when to come again, and the budget that keeps an outage from becoming a storm.

#![expect(clippy::disallowed_methods, reason = "an example runs in real time")]

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use resil::event::{self, Event};
use resil::retry;

#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("connection reset")]
    Reset,
    #[error("no such city")]
    NotFound,
    #[error("busy, come again in 150 ms")]
    Busy,
}

/// Counts the requests to the service.
static ASKED: AtomicU32 = AtomicU32::new(0);

/// Answers at the third attempt, with exceptions for some cities.
fn service(city: &str) -> Result<String, Fault> {
    match (city, ASKED.fetch_add(1, Relaxed) + 1) {
        ("Atlantis", _) => Err(Fault::NotFound),
        ("Venice", 1) => Err(Fault::Busy),
        ("Pompeii", _) | (_, 1 | 2) => Err(Fault::Reset),
        _ => Ok("sunny, 21 °C".to_owned()),
    }
}

// Makes up to four attempts. The delays are 40 ms, 80 ms and 160 ms, with full jitter: anything from zero
// to that. Where the time that `retry_after` returns is longer, the retry waits for that instead.
#[retry(max = 4, base = 40ms, unless(Fault::NotFound), retry_after = asked)]
async fn forecast(city: &str) -> Result<String, Fault> {
    service(city)
}

// A budget is on by default, with 500 tokens. This one is small enough to run out.
#[retry(max = 4, base = 1ms, budget = (capacity = 50, cost = 5))]
async fn during_an_outage(city: &str) -> Result<String, Fault> {
    service(city)
}

fn asked(fault: &Fault) -> Option<Duration> {
    matches!(fault, Fault::Busy).then_some(Duration::from_millis(150))
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let listener = event::subscribe(|e| match e {
        Event::Retry {
            attempt,
            delay,
            error,
            ..
        } => {
            let error = error.as_deref().unwrap_or("unknown");
            println!("    attempt {attempt} failed ({error}), the next in {delay:.0?}");
        }
        Event::RetryStopped { reason, .. } => println!("    no further attempt: {reason:?}"),
        _ => {}
    });
    for city in ["Lisbon", "Atlantis", "Venice", "Pompeii"] {
        ASKED.store(0, Relaxed);
        println!("{city}");
        let start = Instant::now();
        let answer = forecast(city).await.unwrap_or_else(|e| e.to_string());
        println!("    {answer}, after {:.0?}\n", start.elapsed());
    }
    drop(listener);
    ASKED.store(0, Relaxed);
    for _ in 0..100 {
        let _ = during_an_outage("Pompeii").await;
    }
    let asked = ASKED.load(Relaxed);
    println!("100 calls in an outage asked {asked} times: 50 tokens at 5 a retry are 10 retries,");
    println!("and one more for every five seconds that pass.");
    println!("Without a budget it would have been 400.");
}

// The expansion of `forecast`, without paths (`::resil::__private::..`) and without the lines that only
// pin types. The body is one `async` block that a loop runs. `?` and `return` end the attempt, and nothing
// is boxed or spawned.
//
//     async fn forecast(city: &str) -> Result<String, Fault> {
//         static SITE: Site = Site::new(concat!(module_path!(), "::", "forecast"), line!());
//         static RETRY: RetrySite = RetrySite::new(&SITE, None);
//
//         let out = {
//             let mut retry = Retry::begin(RETRY.of(..), const {
//                 &RetryPolicy::new().max(4).base(Duration::new(0, 40_000_000))
//             });
//             loop {
//                 let r = attempt(&RETRY, async { service(city) }).await;
//                 if !retry.again(
//                     &r,
//                     None,                                              // shared with other layers: none
//                     |_| false,                                         // `on_ok`: none
//                     |e| if matches!(e, Fault::NotFound) {              // `unless(..)`
//                         Some(RetryVerdict::Final)
//                     } else {
//                         None
//                     },
//                     |e| Probe::new(e).__resil_class(e),                // else `Classify`, where the error has it
//                     |e| ErrorTextProbe::new(e).__resil_shown(e),       // the error, for the event
//                     |e| asked(e),                                      // `retry_after`
//                     |_, _| DelaySource::Policy,                        // `backoff`: the policy's own
//                 ) {
//                     break r;
//                 }
//                 retry.pause().await;
//             }
//         };
//         into_return(out, ..)
//     }
//
// The files `resil-macros/src/snapshots/*.expanded` show whole expansions, of each policy and of stacks. A
// test keeps them up to date.
