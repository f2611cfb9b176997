//! The customers: each asks for prices and places orders, and never asks twice for one thing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::gateway::{ATTEMPTS, BACKEND};

/// How many customers there are, and how often each one calls: together up to 500 times a second.
const CUSTOMERS: u32 = 24;
const EACH: Duration = Duration::from_millis(48);

/// One request of a customer, and what became of it.
pub(crate) struct Call {
    pub(crate) at: Instant,
    /// The order that it places, if it does.
    pub(crate) order: Option<String>,
    /// The backend that has answered, and how many attempts the gateway has made; or what was lost.
    pub(crate) answer: Result<(String, u32), String>,
}

/// Calls the gateway at `url` while it is open.
pub(crate) async fn call(url: String, is_open: Arc<AtomicBool>) -> Vec<Call> {
    let mut customers = JoinSet::new();
    for number in 0..CUSTOMERS {
        customers.spawn(customer(number, url.clone(), Arc::clone(&is_open)));
    }
    customers.join_all().await.into_iter().flatten().collect()
}

async fn customer(number: u32, url: String, is_open: Arc<AtomicBool>) -> Vec<Call> {
    let client = reqwest::Client::new();
    let mut calls = Vec::new();
    let mut ticks = interval(EACH);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for n in 0.. {
        let at = ticks.tick().await;
        if !is_open.load(Relaxed) {
            break;
        }
        // Every third request is an order.
        let order = (n % 3 == 2).then(|| format!("order-{number}-{n}"));
        let request = match &order {
            None => client.get(format!("{url}/price/{n}")),
            Some(order) => client
                .post(format!("{url}/orders"))
                .header("idempotency-key", order)
                .body(order.clone()),
        };
        let request = request.header("x-customer", format!("customer-{number}"));
        let answer = answer(request).await.map_err(|e| e.to_string());
        let answer = answer.and_then(|answer| answer);
        calls.push(Call { at, order, answer });
    }
    calls
}

/// Sends a request once.
async fn answer(
    request: reqwest::RequestBuilder,
) -> reqwest::Result<Result<(String, u32), String>> {
    let answer = request.send().await?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let text = answer.text().await?;
    if !status.is_success() {
        return Ok(Err(format!("{status}: {text}")));
    }
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let attempts = header(ATTEMPTS).and_then(|attempts| attempts.parse().ok());
    let backend = header(BACKEND).unwrap_or("nobody").to_owned();
    Ok(Ok((backend, attempts.unwrap_or_default())))
}
