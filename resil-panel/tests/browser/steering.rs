//! What can be changed from the page, by whom.

use std::time::Duration;

use axum::Router;
use resil::{CircuitState, breaker};
use resil_panel::Panel;
use tokio::time::sleep;

use crate::driver::{Browser, LONGEST, serve};

/// A selector of a button of a circuit.
fn button(label: &str, circuit: &str) -> String {
    format!("[aria-label=\"{label}: {circuit}\"]")
}

async fn becomes(b: resil::Breaker, state: CircuitState) {
    let changed = async {
        while b.state() != state {
            sleep(Duration::from_millis(10)).await;
        }
    };
    let changed = tokio::time::timeout(LONGEST, changed).await;
    changed.unwrap_or_else(|_| panic!("{:?} and not {state:?}", b.state()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_token_there_is_nothing_to_click() {
    let Some(browser) = Browser::start(1280, 800).await else {
        return;
    };
    let _ = breaker("nothing-to-click");
    let url = serve(Router::new().merge(resil_panel::router())).await;
    browser.open(&url).await;
    let force = button("Force open", "nothing-to-click");
    browser
        .until("the circuit", &format!("document.querySelector('{force}')"))
        .await;
    // It is neither seen, nor reached by keyboard, nor read aloud.
    let visible = format!("document.querySelector('{force}').checkVisibility()");
    assert_eq!(browser.value(&visible).await, false);
    assert_eq!(
        browser
            .value("document.querySelector('#lock').checkVisibility()")
            .await,
        false
    );
    assert_eq!(browser.text("#read-only").await, "read only");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_token_a_click_forces_a_circuit_open() {
    let Some(browser) = Browser::start(1280, 800).await else {
        return;
    };
    let b = breaker("click");
    let panel = Panel::new().token("right token ü").router();
    let url = serve(Router::new().nest("/resil", panel)).await;
    browser.open(&format!("{url}/resil")).await;
    let force = button("Force open", "click");
    browser
        .until("the circuit", &format!("document.querySelector('{force}')"))
        .await;
    let visible = format!("document.querySelector('{force}').checkVisibility()");
    assert_eq!(browser.value(&visible).await, false, "it is locked");

    browser.click("#lock").await;
    browser.keys("wrong\u{E006}").await;
    let fault = "document.querySelector('#token-fault').innerText === 'That is not the token.'";
    browser.until("it says so", fault).await;
    assert_eq!(browser.value(&visible).await, false);
    browser.keys("right token\u{E006}").await;
    browser.until("it says so", fault).await;
    browser.click("#asks-cancel").await;
    // A refused token is all that the console knows of.
    let console = browser.console().await;
    assert!(
        console.iter().all(|line| line.contains("401")),
        "{console:?}"
    );
    assert_eq!(b.state(), CircuitState::Closed);

    // A header holds no `ü`, so neither can this panel's token be given: the next one's can.
    let panel = Panel::new().token("right").router();
    let url = serve(Router::new().nest("/resil", panel)).await;
    browser.open(&format!("{url}/resil")).await;
    browser
        .until("the circuit", &format!("document.querySelector('{force}')"))
        .await;
    browser.click("#lock").await;
    browser.keys("right\u{E006}").await;
    browser.until("it is unlocked", &visible).await;
    browser.click(&force).await;
    becomes(b, CircuitState::ForcedOpen).await;
    let row = "[...document.querySelectorAll('#circuits tr[data-state=forced_open] .name')].some((n) => n.innerText === 'click')";
    browser.until("it is shown", row).await;
    browser.click(&button("Disable", "click")).await;
    becomes(b, CircuitState::Disabled).await;
    browser.click(&button("Reset", "click")).await;
    becomes(b, CircuitState::Closed).await;
    browser.click(&force).await;
    becomes(b, CircuitState::ForcedOpen).await;
    browser.click(&button("Close", "click")).await;
    becomes(b, CircuitState::Closed).await;

    // The tab keeps the token over a reload, and forgets it when it is locked.
    browser.open(&format!("{url}/resil")).await;
    browser
        .until(
            "it is unlocked",
            &format!("document.querySelector('{force}') && {visible}"),
        )
        .await;
    browser.click("#lock").await;
    assert_eq!(browser.value(&visible).await, false);
    browser.open(&format!("{url}/resil")).await;
    browser
        .until("the circuit", &format!("document.querySelector('{force}')"))
        .await;
    assert_eq!(browser.value(&visible).await, false);
    assert_eq!(browser.console().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_works_by_keyboard_alone() {
    let Some(browser) = Browser::start(1280, 800).await else {
        return;
    };
    let b = breaker("keyboard");
    let url = serve(Router::new().merge(Panel::new().token("right").router())).await;
    browser.open(&url).await;
    let force = button("Force open", "keyboard");
    browser
        .until("the circuit", &format!("document.querySelector('{force}')"))
        .await;
    let focus = async || {
        browser
            .value("document.activeElement.id || document.activeElement.innerText")
            .await
    };
    let is_seen = async || {
        let outline = "getComputedStyle(document.activeElement).outlineStyle";
        assert_eq!(browser.value(outline).await, "solid", "the focus is seen");
    };
    // Tab: the link past the head, the filter, the button.
    browser.keys("\u{E004}").await;
    assert_eq!(focus().await, "Skip to the functions");
    assert_eq!(
        browser
            .value("document.activeElement.getBoundingClientRect().top >= 0")
            .await,
        true
    );
    browser.keys("\u{E004}").await;
    assert_eq!(focus().await, "filter");
    browser.keys("keyboard\u{E004}").await;
    assert_eq!(focus().await, "lock");
    is_seen().await;
    browser.keys("\u{E006}").await;
    assert_eq!(focus().await, "token");
    browser.keys("right\u{E006}").await;
    browser
        .until(
            "it is unlocked",
            &format!("document.querySelector('{force}').checkVisibility()"),
        )
        .await;
    // From the button on to the first of the circuit's buttons.
    for _ in 0..12 {
        if focus().await == "Force open" {
            break;
        }
        browser.keys("\u{E004}").await;
        is_seen().await;
    }
    let label = browser
        .value("document.activeElement.getAttribute('aria-label')")
        .await;
    assert_eq!(label, "Force open: keyboard");
    browser.keys("\u{E006}").await;
    becomes(b, CircuitState::ForcedOpen).await;
    // The row has moved up, and the focus with it.
    browser
        .until(
            "it is shown",
            "[...document.querySelectorAll('#circuits tr[data-state=forced_open] .name')].some((n) => n.innerText === 'keyboard')",
        )
        .await;
    assert_eq!(
        browser
            .value("document.activeElement.getAttribute('aria-label')")
            .await,
        "Force open: keyboard"
    );
    browser.keys("\u{E004}").await;
    browser.keys("\u{E006}").await;
    becomes(b, CircuitState::Closed).await;
    // A slash goes to the filter from anywhere, and Escape empties it.
    browser.keys("/").await;
    assert_eq!(focus().await, "filter");
    browser.keys("\u{E00C}").await;
    assert_eq!(
        browser
            .value("document.querySelector('#filter').value")
            .await,
        ""
    );
    assert_eq!(browser.console().await, Vec::<String>::new());
}

#[resil::retry(max = 4, base = 1ms)]
async fn switched(works: bool) -> Result<(), crate::functions::Fault> {
    if works {
        Ok(())
    } else {
        Err(crate::functions::Fault)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn policies_of_a_function_are_switched_off_and_on() {
    let Some(browser) = Browser::start(1280, 800).await else {
        return;
    };
    let _ = switched(true).await;
    let attempts = async || {
        let of = format!("{}::switched", module_path!());
        let attempts = || {
            resil::stats()
                .function(&of)
                .expect("it was called")
                .since_start
                .attempts
        };
        let before = attempts();
        let _ = switched(false).await;
        attempts() - before
    };
    assert_eq!(attempts().await, 4);
    let url = serve(Router::new().merge(Panel::new().token("right").router())).await;
    browser.open(&url).await;
    browser.click("#filter").await;
    browser.keys("steering::switched").await;
    let name = "#functions tbody tr:not([hidden]) .more";
    browser
        .until("the function", &format!("document.querySelector('{name}')"))
        .await;
    browser.click(name).await;
    let switch = "[aria-label=\"Switch off: retry\"]";
    browser
        .until(
            "its policies",
            &format!("document.querySelector('{switch}')"),
        )
        .await;
    let visible = format!("document.querySelector('{switch}').checkVisibility()");
    assert_eq!(browser.value(&visible).await, false, "it is locked");
    let settings = browser.text(".detail .settings").await;
    assert!(
        settings.contains("max = 4") && settings.contains("base = 1ms"),
        "{settings}"
    );
    browser.click("#lock").await;
    browser.keys("right\u{E006}").await;
    browser.until("it is unlocked", &visible).await;
    browser.click(switch).await;
    let on = "[aria-label=\"Switch on: retry\"]";
    browser
        .until("it is off", &format!("document.querySelector('{on}')"))
        .await;
    assert_eq!(attempts().await, 1);
    let off = "document.querySelector('#functions tbody tr:not([hidden]) .off').innerText === 'off: retry'";
    browser.until("its row says so", off).await;
    browser.click(on).await;
    browser
        .until("it is on", &format!("document.querySelector('{switch}')"))
        .await;
    assert_eq!(attempts().await, 4);

    // What is set takes the place of what it leaves without an effect.
    let by_hand = resil::control().function(format!("{}::switched", module_path!()));
    by_hand.set("retry.delays", "[2ms]").unwrap();
    browser.click(name).await;
    browser.click(name).await;
    let set = "document.querySelector('.detail .settings')?.innerText.includes('delays = [2ms]')";
    browser.until("the delays", set).await;
    let settings = browser.text(".detail .settings").await;
    by_hand.clear().unwrap();
    assert!(
        ["strategy", "base", "factor", "jitter"].map(|of| settings.contains(of)) == [false; 4],
        "{settings}"
    );
    assert!(settings.contains("max = 4"), "{settings}");
    assert_eq!(browser.console().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stack_that_is_run_as_a_value_has_no_switches() {
    static STACK: resil::Stack =
        resil::Stack::new("steering.stack").timeout(Duration::from_secs(5));
    let Some(browser) = Browser::start(1280, 800).await else {
        return;
    };
    STACK.run(async || Ok::<_, resil::Error>(())).await.unwrap();
    let url = serve(Router::new().merge(Panel::new().token("right").router())).await;
    browser.open(&url).await;
    browser.click("#filter").await;
    browser.keys("steering.stack").await;
    let name = "#functions tbody tr:not([hidden]) .more";
    browser
        .until("the stack", &format!("document.querySelector('{name}')"))
        .await;
    browser.click(name).await;
    let policies = "document.querySelector('.detail .policies li')";
    browser.until("its policies", policies).await;
    let buttons = "document.querySelectorAll('.detail button').length";
    assert_eq!(browser.value(buttons).await, 0);
}
