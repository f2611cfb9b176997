//! A page with five hundred functions.

use std::time::Duration;

use axum::Router;
use tokio::time::sleep;

use crate::driver::{Browser, serve};
use crate::functions::call_all;

/// The rows of functions that are not filtered out.
const SHOWN: &str = "document.querySelectorAll('#functions tbody tr:not([hidden])').length";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_functions_are_shown_and_filtered() {
    let Some(browser) = Browser::start(1280, 800).await else {
        return;
    };
    call_all().await;
    for n in 0..200 {
        let _ = resil::breaker(&format!("many-{n}"));
    }
    let url = serve(Router::new().merge(resil_panel::router())).await;
    browser.open(&url).await;
    browser
        .until("all of them", &format!("{SHOWN} >= 500"))
        .await;
    // They are all called, all the time: each frame changes each row.
    let traffic = tokio::spawn(async {
        loop {
            call_all().await;
            sleep(Duration::from_millis(20)).await;
        }
    });
    // How long a frame keeps the page from doing anything else, at most, in milliseconds.
    let longest = browser
        .run_async(
            "const done = arguments[0]; let longest = 0;\n\
             new PerformanceObserver((list) => {\n\
               for (const task of list.getEntries()) longest = Math.max(longest, task.duration);\n\
             }).observe({ entryTypes: ['longtask'] });\n\
             setTimeout(() => done(longest), 6000);",
        )
        .await;
    let longest = longest.as_f64().expect("a number");
    assert!(longest < 400.0, "{longest} ms");
    // Typed into the filter, on the page as people would.
    browser.click("#filter").await;
    browser.keys("m17::f3").await;
    browser.until("the one", &format!("{SHOWN} === 1")).await;
    assert!(
        browser
            .text("#functions tbody tr:not([hidden])")
            .await
            .contains("m17::f3")
    );
    assert!(
        browser
            .text("#functions-count")
            .await
            .starts_with("1 of 50")
    );
    assert_eq!(browser.text("#found").await, "1 function");
    // It is painted, though it was far below the screen: its figures are there.
    let rate = "document.querySelector('#functions tbody tr:not([hidden]) [data-label=\"Calls / s\"]').textContent";
    browser
        .until("its rate", &format!("Number({rate}) > 1"))
        .await;
    browser.keys("\u{E003}").await;
    browser
        .until("as many as have that", &format!("{SHOWN} === 10"))
        .await;
    browser.keys("zzz").await;
    browser.until("none", &format!("{SHOWN} === 0")).await;
    assert_eq!(
        browser.text("#functions ~ .empty").await,
        "No name has that in it."
    );
    browser.keys("\u{E00C}").await;
    browser.until("all again", &format!("{SHOWN} >= 500")).await;
    // Sorted by a figure, the largest first.
    browser.click("[data-sort=rate]").await;
    assert_eq!(
        browser
            .value("document.querySelector('#functions [aria-sort]').getAttribute('aria-sort')")
            .await,
        "descending"
    );
    traffic.abort();
    assert_eq!(browser.console().await, Vec::<String>::new());
}
