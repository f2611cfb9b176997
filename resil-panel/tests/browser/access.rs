//! The rules of axe-core, over the page in all its states.

use axum::Router;
use resil::{CircuitPolicy, breaker, bulkhead, rate_limit};
use resil_panel::Panel;

use crate::driver::{Browser, serve};

#[resil::circuit(name = "axe", failures = 2)]
#[resil::retry(max = 2, base = 1ms)]
async fn ax_asked(fails: bool) -> Result<(), crate::functions::Fault> {
    if fails {
        Err(crate::functions::Fault)
    } else {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn axe_finds_nothing_serious() {
    let Some(browser) = Browser::start(1280, 800).await else {
        return;
    };
    for name in ["axe-open", "axe-half", "axe-off", "axe-by-hand"] {
        breaker(name).configure(CircuitPolicy::new().failures(1));
    }
    breaker("axe-open").try_acquire().expect("closed").failure();
    breaker("axe-by-hand").force_open();
    breaker("axe-off").disable();
    let _ = (bulkhead("axe"), rate_limit("axe"));
    let url = serve(Router::new().merge(Panel::new().title("Shop").token("t").router())).await;
    // All functions of this process are on the page: of them only those that are wanted are shown, as axe looks
    // at each row.
    let wanted = "document.querySelector('#filter').value = 'ax'; document.querySelector('#filter').dispatchEvent(new Event('input'))";
    // Nothing has happened yet, in both schemes; and then all that can be shown at once.
    for scheme in ["light", "dark"] {
        browser.media(&[("prefers-color-scheme", scheme)]).await;
        browser.open(&url).await;
        browser.run(wanted).await;
        assert_eq!(browser.axe().await, Vec::<String>::new(), "{scheme}");
        browser
            .until(
                "the circuits",
                "document.querySelectorAll('#circuits tbody tr').length >= 4",
            )
            .await;
        for _ in 0..4 {
            let _ = ax_asked(true).await;
        }
        browser
            .until("the function", "document.querySelector('#functions .more')")
            .await;
        browser
            .until(
                "events",
                "document.querySelectorAll('#events li').length > 3",
            )
            .await;
        assert_eq!(
            browser.axe().await,
            Vec::<String>::new(),
            "{scheme}, locked"
        );
        browser.click("#lock").await;
        assert_eq!(
            browser.axe().await,
            Vec::<String>::new(),
            "{scheme}, asking"
        );
        browser.keys("wrong\u{E006}").await;
        browser
            .until(
                "it says so",
                "document.querySelector('#token-fault').innerText",
            )
            .await;
        assert_eq!(
            browser.axe().await,
            Vec::<String>::new(),
            "{scheme}, asking again"
        );
        browser.keys("t\u{E006}").await;
        browser
            .until(
                "it is unlocked",
                "document.body.classList.contains('unlocked')",
            )
            .await;
        browser
            .run("document.querySelector('#functions tr:not([hidden]) .more').click()")
            .await;
        browser
            .until("its policies", "document.querySelector('.detail .parts')")
            .await;
        for width in [1280, 900, 375] {
            browser.size(width, 800).await;
            assert_eq!(
                browser.axe().await,
                Vec::<String>::new(),
                "{scheme}, {width} px"
            );
        }
        browser.size(1280, 800).await;
        browser.run("document.querySelector('#filter').value = 'nothing is called so'; document.querySelector('#filter').dispatchEvent(new Event('input'))").await;
        assert_eq!(
            browser.axe().await,
            Vec::<String>::new(),
            "{scheme}, nothing found"
        );
        browser.click("#lock").await;
    }
    for name in ["axe", "axe-open", "axe-off", "axe-by-hand"] {
        breaker(name).reset();
    }
}
