//! What the page shows while things happen.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::routing::get;
use resil::{Breaker, CircuitPolicy, breaker};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::driver::{Browser, serve};
use crate::in_time::in_time;
use crate::names::{function, hello};

/// Returns the expression for the state that the row of a circuit shows.
///
/// Rows out of sight are not painted, and circuits of other tests stand in the same table: the names of those that are
/// closed here begin so that their rows are near the top.
fn state_of(name: &str) -> String {
    format!(
        "[...document.querySelectorAll('#circuits tbody tr')]\
         .find((r) => r.querySelector('.name').textContent === {name:?})?.dataset.state"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_loads_without_a_word_in_the_console() {
    let Some(browser) = Browser::start(1280, 800).await else {
        return;
    };
    let _ = breaker("a-circuit-that-loads");
    for (router, path) in [
        (
            Router::new().nest("/resil", resil_panel::router()),
            "/resil",
        ),
        (
            Router::new().nest_service("/a/b", resil_panel::router::<()>()),
            "/a/b/",
        ),
        (
            Router::new().merge(resil_panel::Panel::new().title("Shop").token("t").router()),
            "/",
        ),
    ] {
        let url = serve(router).await;
        browser.open(&format!("{url}{path}")).await;
        browser
            .until(
                "a circuit",
                &format!("{} === 'closed'", state_of("a-circuit-that-loads")),
            )
            .await;
        // Some seconds of life: frames that change rows, and the countdown.
        sleep(Duration::from_millis(2_500)).await;
        assert_eq!(browser.console().await, Vec::<String>::new());
    }
    assert_eq!(browser.value("document.title").await, "Shop");
}

/// The page itself notes when the row changes: the way from here to the page and back takes its time too.
const NOTE_STATES: &str = "window.states = [];\
     new MutationObserver(() => {\
       const state = STATE;\
       if (state !== window.states.at(-1)?.[0]) window.states.push([state, Date.now()]);\
     }).observe(document.querySelector('#circuits'), { subtree: true, childList: true, attributes: true });";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_circuit_that_opens_is_seen_within_a_second_of_the_event() {
    let Some(browser) = Browser::start(1280, 800).await else {
        return;
    };
    let b = breaker("a-circuit-seen-to-open");
    b.configure(CircuitPolicy::new().failures(1));
    let url = serve(Router::new().nest("/resil", resil_panel::router())).await;
    browser.open(&format!("{url}/resil")).await;
    let state = state_of("a-circuit-seen-to-open");
    browser
        .until("the circuit", &format!("{state} === 'closed'"))
        .await;
    browser.run(&NOTE_STATES.replace("STATE", &state)).await;
    // What is said is replaced by the next that is: circuits of other tests open beside this one.
    browser
        .run(
            "window.said = []; const spoken = document.querySelector('#spoken');\
             new MutationObserver(() => window.said.push(spoken.textContent))\
             .observe(spoken, { childList: true, characterData: true, subtree: true });",
        )
        .await;
    let median = |times: &[Duration]| times[2];
    in_time(Duration::from_secs(1), median, async || {
        let mut times = Vec::new();
        for _ in 0..5 {
            times.push(seen_to_open(&browser, b).await);
        }
        times
    })
    .await;
}

/// Opens the circuit, and looks at all that the page says of it. Returns the time from just before the event
/// until the row has changed.
async fn seen_to_open(browser: &Browser, b: Breaker) -> Duration {
    let state = state_of("a-circuit-seen-to-open");
    browser.run("window.said = []").await;
    let event = SystemTime::now();
    b.try_acquire().expect("it is closed").failure();
    browser.until("open", &format!("{state} === 'open'")).await;
    let seen = browser.value("window.states.at(-1)").await;
    assert_eq!(seen[0], "open", "{seen}");
    let seen = Duration::from_millis(seen[1].as_u64().expect("milliseconds"));
    // The row says it in words, with the time to the next probe, and stands above those that are closed.
    let row = "const all = [...document.querySelectorAll('#circuits tbody tr')];\
         const at = all.findIndex((r) => r.innerText.includes('a-circuit-seen-to-open'));\
         const closed = all.findIndex((r) => r.dataset.state === 'closed');\
         return at < closed || closed < 0 ? all[at].innerText.replaceAll(/\\s+/g, ' ').trim() : 'below'";
    let row = browser.run(row).await;
    let row = row.as_str().expect("a text");
    assert!(
        row.contains("a-circuit-seen-to-open open") && row.ends_with(" s"),
        "{row}"
    );
    browser
        .until(
            "the event",
            "document.querySelector('#events').innerText.includes('closed → open')",
        )
        .await;
    // Said once, politely, to those who listen; by number where circuits of other tests change in the same second.
    let said = "document.querySelector('#spoken[aria-live=polite]') && window.said.some((text) =>\
         text.includes('a-circuit-seen-to-open is open') || / circuits have changed$/.test(text))";
    browser.until("it is said", said).await;
    b.reset();
    browser
        .until("closed", &format!("{state} === 'closed'"))
        .await;
    (SystemTime::UNIX_EPOCH + seen)
        .duration_since(event)
        .unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_to_the_next_probe_is_counted_down() {
    let Some(browser) = Browser::start(1280, 800).await else {
        return;
    };
    let b = breaker("counts-down");
    b.configure(
        CircuitPolicy::new()
            .failures(1)
            .open_for(Duration::from_secs(20)),
    );
    b.try_acquire().expect("it is closed").failure();
    let url = serve(Router::new().merge(resil_panel::router())).await;
    browser.open(&url).await;
    // Every text that the cell has, in the page itself.
    browser
        .until(
            "the circuit",
            &format!("{} !== undefined", state_of("counts-down")),
        )
        .await;
    browser
        .run(
            "window.seen = []; setInterval(() => {\
               const row = [...document.querySelectorAll('#circuits tbody tr')]\
                 .find((r) => r.innerText.includes('counts-down'));\
               const text = row.querySelector('[data-label=\"Next probe\"]').textContent;\
               if (text !== seen.at(-1)) seen.push(text); }, 20);",
        )
        .await;
    browser.until("the end", "seen.at(-1) === 'now'").await;
    let seen = browser.value("seen").await;
    let seen = seen.as_array().expect("texts").iter();
    let left: Vec<u32> = seen
        .filter_map(|text| text.as_str()?.strip_suffix(" s")?.parse().ok())
        .collect();
    assert!(
        left.len() > 2 && left.is_sorted_by(|a, b| a > b),
        "{left:?}"
    );
    assert_eq!(browser.value(&state_of("counts-down")).await, "half_open");
    b.reset();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_gone_is_said_and_one_that_is_back_is_joined() {
    let Some(browser) = Browser::start(1280, 800).await else {
        return;
    };
    let _ = breaker("a-circuit-before-it-went");
    let serve_at = |address: &str| {
        let address = address.to_owned();
        async move {
            let listener = loop {
                if let Ok(listener) = TcpListener::bind(&address).await {
                    break listener;
                }
                sleep(Duration::from_millis(50)).await;
            };
            let address = listener.local_addr().expect("an address").to_string();
            // A runtime of its own: with it all connections end.
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build();
            let runtime = runtime.expect("a runtime");
            let std = listener.into_std().expect("a listener");
            runtime.spawn(async {
                let listener = TcpListener::from_std(std).expect("a listener");
                axum::serve(listener, Router::new().merge(resil_panel::router())).await
            });
            (address, runtime)
        }
    };
    let (address, runtime) = serve_at("127.0.0.1:0").await;
    browser.open(&format!("http://{address}/")).await;
    let state = state_of("a-circuit-before-it-went");
    browser
        .until("the circuit", &format!("{state} === 'closed'"))
        .await;
    runtime.shutdown_background();
    browser
        .until(
            "it is said",
            "document.querySelector('#link').innerText === 'connection lost'",
        )
        .await;
    // The last that was known stays on the page.
    assert_eq!(browser.value(&state).await, "closed");
    let (_, runtime) = serve_at(&address).await;
    browser
        .until(
            "it is back",
            "document.querySelector('#link').innerText === 'live'",
        )
        .await;
    runtime.shutdown_background();
}

/// What a frame said that the page could not take in is said by no later one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_that_fails_is_said_and_all_is_told_anew() {
    let Some(browser) = Browser::start(1280, 800).await else {
        return;
    };
    let good = json!({
        "title": "t", "version": "0", "can_be_changed": false, "now": 5, "tick": true, "missed": 0,
        "functions": [function("told-anew")], "events": [],
    });
    let mut bad = good.clone();
    bad["events"] = json!(null);
    let is_good = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&is_good);
    let events = async move || hello(if asked.load(Relaxed) { &good } else { &bad });
    let router = Router::new()
        .route("/p/api/events", get(events))
        .nest_service("/p", resil_panel::router::<()>());
    let url = serve(router).await;
    browser.goto(&format!("{url}/p/")).await;
    let link = |state: &str| format!("document.querySelector('#link').dataset.state === '{state}'");
    browser.until("it is said", &link("fault")).await;
    let console = browser.console().await;
    assert!(
        console.iter().any(|e| e.contains("TypeError")),
        "{console:?}"
    );
    is_good.store(true, Relaxed);
    browser.until("it is live again", &link("live")).await;
    let shown = "document.querySelector('#functions tbody').textContent.includes('told-anew')";
    browser.until("the function", shown).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_filtered_by_level_and_held_while_the_list_is_paused() {
    let Some(browser) = Browser::start(1280, 800).await else {
        return;
    };
    let b = breaker("a-circuit-that-pauses");
    let url = serve(Router::new().merge(resil_panel::router())).await;
    browser.open(&url).await;
    browser
        .until(
            "the circuit",
            &format!("{} === 'closed'", state_of("a-circuit-that-pauses")),
        )
        .await;
    let shown = "[...document.querySelectorAll('#events li:not([hidden])')].filter((e) => e.innerText.includes('a-circuit-that-pauses')).length";
    b.force_open();
    let _ = b.try_acquire();
    browser.until("two events", &format!("{shown} === 2")).await;
    browser.run("const level = document.querySelector('#level'); level.value = 'warn'; level.dispatchEvent(new Event('change'))").await;
    assert_eq!(browser.value(shown).await, 1, "the refusal is no warning");
    browser.click("#pause").await;
    b.reset();
    b.force_open();
    browser
        .until(
            "they are counted",
            "document.querySelector('#pause').innerText.startsWith('Go on (')",
        )
        .await;
    sleep(Duration::from_millis(300)).await;
    assert_eq!(browser.value(shown).await, 1);
    browser.click("#pause").await;
    browser
        .until("they are shown", &format!("{shown} === 3"))
        .await;
    b.reset();
}
