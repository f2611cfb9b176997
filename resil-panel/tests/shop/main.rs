//! A small shop under load, as the page shows it in a real browser: its figures, and the pictures of the docs. It
//! is a target of its own, as a page shows the whole process.
#![allow(
    clippy::disallowed_methods,
    reason = "browsers live in real time: there is no paused clock to be true to"
)]

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use axum::Router;
use resil::{bulkhead, circuit, fallback, hedge, rate_limit, retry, timeout};
use resil_panel::Panel;
use tokio::time::sleep;

use driver::{Browser, serve};

#[path = "../support/driver.rs"]
#[allow(dead_code, reason = "this target needs a part of it")]
mod driver;

#[derive(Debug)]
struct Fault;

impl From<resil::Error> for Fault {
    fn from(_: resil::Error) -> Self {
        Self
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("connection reset by peer")
    }
}

/// Whether the payment provider is away.
static IS_AWAY: AtomicBool = AtomicBool::new(false);

async fn answer(ms: u64, works: bool) -> Result<u64, Fault> {
    sleep(Duration::from_millis(ms)).await;
    if works { Ok(ms) } else { Err(Fault) }
}

#[circuit(name = "payments", failure_rate = 50%, window = 40, min_calls = 20, open_for = 20s)]
#[timeout(2s)]
#[retry(exponential, max = 3, base = 40ms)]
#[timeout(250ms)]
async fn charge(order: u64) -> Result<u64, Fault> {
    answer(
        30 + order % 50,
        !IS_AWAY.load(Relaxed) && !order.is_multiple_of(41),
    )
    .await
}

#[bulkhead(name = "warehouse", max = 12, queue = 20, wait = 200ms)]
#[retry(max = 2, base = 20ms)]
async fn reserve(order: u64) -> Result<u64, Fault> {
    answer(80 + order % 60, !order.is_multiple_of(97)).await
}

#[hedge(after = 40ms)]
async fn prices(article: u64) -> Result<u64, Fault> {
    answer(10 + article % 35, true).await
}

#[fallback(last_ok)]
#[timeout(80ms)]
async fn recommendations(article: u64) -> Result<u64, Fault> {
    answer(20 + article % 70, true).await
}

#[rate_limit(name = "mail", max = 20, per = 1s, burst = 30, wait = 500ms)]
#[circuit(name = "mail", failures = 8)]
async fn send_mail(order: u64) -> Result<u64, Fault> {
    answer(60 + order % 7, true).await
}

async fn order(number: u64) {
    let _ = tokio::join!(prices(number), recommendations(number));
    if reserve(number).await.is_ok() && charge(number).await.is_ok() {
        let _ = send_mail(number).await;
    }
}

/// The text of a cell of a function's row.
fn cell(function: &str, label: &str) -> String {
    format!(
        "[...document.querySelectorAll('#functions tbody tr')]\
         .find((r) => r.querySelector('.name b').textContent === '{function}')\
         ?.querySelector('[data-label=\"{label}\"]')"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_function_has_its_figures_and_an_open_circuit_is_seen() {
    let Some(browser) = Browser::start(1280, 760).await else {
        return;
    };
    IS_AWAY.store(false, Relaxed);
    let customers = tokio::spawn(async {
        for number in 0_u64.. {
            tokio::spawn(order(number));
            sleep(Duration::from_millis(30 + number * 7 % 25)).await;
        }
    });
    let url =
        serve(Router::new().nest("/resil", Panel::new().title("Shop").token("t").router())).await;
    browser.open(&format!("{url}/resil")).await;
    // Twenty seconds of a good day.
    sleep(Duration::from_secs(20)).await;
    let number =
        |function: &str, label: &str| format!("parseFloat({}.textContent)", cell(function, label));
    for (function, label, range) in [
        ("charge", "Calls / s", 3.0..40.0),
        ("charge", "p50", 30.0..200.0),
        ("charge", "p99", 40.0..900.0),
        ("reserve", "p50", 80.0..400.0),
        ("prices", "Calls / s", 3.0..40.0),
    ] {
        let value = browser
            .value(&number(function, label))
            .await
            .as_f64()
            .expect("a number");
        assert!(range.contains(&value), "{function}, {label}: {value}");
    }
    let spark = format!(
        "{}.querySelector('.area').getAttribute('d').length > 100",
        cell("charge", "Last minute")
    );
    assert_eq!(browser.value(&spark).await, true);
    let budget = format!("{}.innerText.includes('of 500')", cell("charge", "Budget"));
    assert_eq!(browser.value(&budget).await, true);
    let failed = number("charge", "Failed");
    assert!(browser.value(&failed).await.as_f64().expect("a share") < 10.0);
    browser.screenshot("healthy").await;
    browser.media(&[("prefers-color-scheme", "dark")]).await;
    sleep(Duration::from_millis(500)).await;
    browser.screenshot("dark").await;
    browser.media(&[("prefers-color-scheme", "light")]).await;

    IS_AWAY.store(true, Relaxed);
    let open = "[...document.querySelectorAll('#circuits tr[data-state=open] .name')].some((n) => n.innerText === 'payments')";
    browser.until("the circuit is open", open).await;
    sleep(Duration::from_secs(3)).await;
    browser
        .until("it is counted", &format!("{failed} > 1"))
        .await;
    browser.screenshot("opening").await;
    // As an operator with the token sees it, with the function opened.
    browser.click("#lock").await;
    browser.keys("t\u{E006}").await;
    browser
        .until(
            "it is unlocked",
            "document.body.classList.contains('unlocked')",
        )
        .await;
    browser
        .run("[...document.querySelectorAll('#functions .more')].find((b) => b.innerText.includes('charge')).click()")
        .await;
    browser
        .until("its policies", "document.querySelector('.detail .parts')")
        .await;
    browser.size(1280, 1000).await;
    sleep(Duration::from_millis(500)).await;
    browser.screenshot("unlocked").await;
    browser.size(375, 760).await;
    sleep(Duration::from_millis(500)).await;
    browser.screenshot("phone").await;
    customers.abort();
    IS_AWAY.store(false, Relaxed);
    resil::breaker("payments").reset();
    assert_eq!(browser.console().await, Vec::<String>::new());
}
