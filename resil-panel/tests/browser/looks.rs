//! Widths and colours.

use axum::Router;
use resil::{CircuitPolicy, breaker, bulkhead, rate_limit};
use resil_panel::Panel;

use crate::driver::{Browser, serve};
use crate::functions::call_all;

const LONG: &str = "a.very-long:name_that-somebody.gave:to_a-breaker.which-is.as_long:as.a_name-can.be:that_is-128.characters:and_has-no.spaces:in_it.x";

/// A panel with something in each of its parts.
async fn full() -> String {
    call_all().await;
    breaker(LONG).configure(CircuitPolicy::new().failures(1));
    breaker(LONG).key("a-key/that.is-long-too").force_open();
    let _ = breaker(LONG).key("a-key/that.is-long-too").try_acquire();
    let _ = (bulkhead(LONG), rate_limit(LONG));
    serve(Router::new().merge(Panel::new().title("Shop, Frankfurt").token("t").router())).await
}

async fn no_sideways_scroll(browser: &Browser, at: &str) {
    let page = "document.scrollingElement.scrollWidth <= innerWidth && document.body.scrollWidth <= innerWidth";
    let cards = "[...document.querySelectorAll('#functions, #limits')]\
        .every((t) => t.hidden || t.getBoundingClientRect().right <= t.parentElement.getBoundingClientRect().right)";
    if browser.value(page).await == true {
        assert_eq!(
            browser.value(cards).await,
            true,
            "{at}: a table is wider than its card"
        );
        return;
    }
    let wide = browser
        .value(
            "[...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1)\
             .slice(0, 8).map((e) => e.outerHTML.slice(0, 160)).join('\\n')",
        )
        .await;
    panic!("{at}: wider than the screen: {wide}");
}

async fn unlock(browser: &Browser) {
    browser.click("#lock").await;
    browser.keys("t\u{E006}").await;
    browser
        .until(
            "it is unlocked",
            "document.body.classList.contains('unlocked')",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_375_px_nothing_scrolls_sideways() {
    let Some(browser) = Browser::start(375, 700).await else {
        return;
    };
    browser.open(&full().await).await;
    assert_eq!(browser.value("innerWidth").await, 375);
    // An event whose name is long: the circuit is held open.
    let _ = breaker(LONG).key("a-key/that.is-long-too").try_acquire();
    let rows = "document.querySelectorAll('#functions tbody tr').length >= 500 && document.querySelector('#events li')";
    browser.until("the rows", rows).await;
    no_sideways_scroll(&browser, "locked").await;
    unlock(&browser).await;
    browser
        .until(
            "an opened function",
            "document.querySelector('#functions .more')",
        )
        .await;
    browser
        .run("document.querySelector('#functions .more').click()")
        .await;
    browser
        .until("its policies", "document.querySelector('.detail .parts')")
        .await;
    for width in [375, 320, 500, 940, 941, 1240, 1241, 1280, 1920] {
        browser.size(width, 700).await;
        no_sideways_scroll(&browser, &format!("unlocked, {width} px")).await;
    }
    // The parts of a row stand beside their labels, and nothing is cut off.
    browser.size(375, 700).await;
    let cut = "[...document.querySelectorAll('#circuits td, #circuits tbody th, #functions tbody th, #functions tbody td')]\
        .filter((e) => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1).slice(0, 5)\
        .map((e) => `${e.scrollWidth} in ${e.clientWidth}: ${e.outerHTML}`).join('\\n')";
    assert_eq!(browser.value(cut).await, "");
}

/// The lightness of a colour `rgb(r, g, b)`, 0 to 255.
async fn lightness(browser: &Browser, property: &str) -> f64 {
    let colour = browser
        .value(&format!("getComputedStyle(document.body).{property}"))
        .await;
    let colour = colour.as_str().expect("a colour");
    let parts: Vec<f64> = colour
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|part| part.parse().ok())
        .collect();
    parts.iter().take(3).sum::<f64>() / 3.0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_dark_where_that_is_preferred() {
    let Some(browser) = Browser::start(1280, 800).await else {
        return;
    };
    let url = full().await;
    for (scheme, is_dark) in [("light", false), ("dark", true)] {
        browser.media(&[("prefers-color-scheme", scheme)]).await;
        browser.open(&url).await;
        let ground = lightness(&browser, "backgroundColor").await;
        let ink = lightness(&browser, "color").await;
        assert_eq!(ground < 60.0, is_dark, "{scheme}: {ground}");
        assert_eq!(ink > 200.0, is_dark, "{scheme}: {ink}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_moves_where_that_is_not_wanted() {
    let Some(browser) = Browser::start(1280, 800).await else {
        return;
    };
    let url = full().await;
    let moving = "[...document.querySelectorAll('*')].filter((e) => [e, '::before', '::after'].some((of) => {\
        const style = of === e ? getComputedStyle(e) : getComputedStyle(e, of);\
        return style.transitionDuration !== '0s' || style.animationName !== 'none' })).length";
    browser.open(&url).await;
    browser
        .until("a row", "document.querySelector('#circuits .meter')")
        .await;
    assert_ne!(browser.value(moving).await, 0);
    browser.media(&[("prefers-reduced-motion", "reduce")]).await;
    assert_eq!(browser.value(moving).await, 0);
}
