//! Events show the error that they are about.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use resil::event::Event;
use resil::{circuit, retry, timeout};

use super::{Heard, alone};
use crate::support::{Fault, Record, ms};

/// What the events say of the errors.
fn errors(heard: &Heard) -> Vec<Option<String>> {
    let all = heard.all();
    let error = |e: &Event| match e {
        Event::Retry { error, .. } | Event::RetryStopped { error, .. } => {
            Some(error.as_deref().map(str::to_owned))
        }
        _ => None,
    };
    all.iter().filter_map(error).collect()
}

/// naomijub/tokio-retry PR 4: to be notified of a retry with its error and the delay.
#[tokio::test(start_paused = true)]
async fn tokio_retry_4_a_retry_is_told_with_its_error_and_its_delay() {
    let _alone = alone().await;
    #[retry(max = 3, jitter = none)]
    async fn f(r: &Record) -> Result<(), Fault> {
        Err(Fault::Network(r.attempt()))
    }
    let heard = Heard::new();
    let _ = f(&Record::new()).await;
    let all = heard.all();
    let [
        Event::Retry {
            attempt: 1,
            delay: first,
            error: Some(one),
            ..
        },
        Event::Retry {
            attempt: 2,
            delay: second,
            error: Some(two),
            ..
        },
        Event::RetryStopped {
            attempts: 3,
            error: Some(three),
            ..
        },
    ] = &all[..]
    else {
        panic!("{all:?}")
    };
    assert_eq!((*first, *second), (ms(100), ms(200)));
    assert_eq!(
        [&**one, &**two, &**three],
        ["network, try 1", "network, try 2", "network, try 3"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_success_after_failures_is_told_and_one_at_first_try_is_not() {
    let _alone = alone().await;
    #[retry(max = 5, base = 1ms)]
    async fn recovers(r: &Record, succeed_at: u32) -> Result<(), Fault> {
        if r.attempt() < succeed_at {
            Err(Fault::Final)
        } else {
            Ok(())
        }
    }
    let heard = Heard::new();
    recovers(&Record::new(), 1).await.unwrap();
    assert!(heard.all().is_empty());
    recovers(&Record::new(), 3).await.unwrap();
    let all = heard.all();
    assert!(
        matches!(&all[..], [Event::Retry { .. }, Event::Retry { .. },
            Event::RetrySucceeded { function, attempts: 3, .. }] if function.ends_with("::recovers")),
        "{all:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn display_else_debug_else_nothing_and_no_bound() {
    let _alone = alone().await;
    #[derive(Debug)]
    struct OnlyDebug(#[expect(dead_code, reason = "shown")] u8);
    struct Neither;
    #[retry(max = 1)]
    async fn only_debug() -> Result<(), OnlyDebug> {
        Err(OnlyDebug(7))
    }
    #[retry(max = 1)]
    async fn neither() -> Result<(), Neither> {
        Err(Neither)
    }
    #[retry(max = 1)]
    async fn boxed() -> Result<(), Box<dyn std::error::Error>> {
        Err("boxed".into())
    }
    #[retry(max = 1)]
    async fn any() -> anyhow::Result<()> {
        Err(anyhow::anyhow!("inner").context("outer"))
    }
    #[retry(max = 1)]
    async fn generic<E: fmt::Display>(e: E) -> Result<(), E> {
        Err(e)
    }
    #[retry(max = 1)]
    async fn unbound<E>(e: E) -> Result<(), E> {
        Err(e)
    }
    #[retry(max = 1)]
    async fn borrowed<'a>(e: &'a str) -> Result<(), &'a str> {
        Err(e)
    }
    let heard = Heard::new();
    let _ = only_debug().await;
    let _ = neither().await;
    let _ = boxed().await;
    let _ = any().await;
    let _ = generic("generic").await;
    let _ = unbound("unbound").await;
    let _ = borrowed("borrowed").await;
    let said = errors(&heard);
    let said: Vec<_> = said.iter().map(Option::as_deref).collect();
    assert_eq!(
        said,
        [
            Some("OnlyDebug(7)"),
            None,
            Some("boxed"),
            Some("outer"),
            Some("generic"),
            None,
            Some("borrowed")
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_ok_that_asks_again_says_nothing() {
    let _alone = alone().await;
    #[retry(max = 2, base = 1ms, on_ok(None))]
    async fn f() -> Result<Option<u32>, Fault> {
        Ok(None)
    }
    let heard = Heard::new();
    let _ = f().await;
    assert_eq!(errors(&heard), [None, None]);
}

#[tokio::test(start_paused = true)]
async fn what_resil_raised_says_what_it_is() {
    let _alone = alone().await;
    #[retry(max = 2, base = 1ms)]
    #[timeout(1s)]
    async fn cut() -> Result<(), Fault> {
        std::future::pending().await
    }
    #[retry(max = 2, base = 1ms, unless(Fault::Final))]
    #[circuit(name = "told.refused")]
    async fn refused() -> Result<(), Fault> {
        Ok(())
    }
    resil::breaker("told.refused").force_open();
    let heard = Heard::new();
    let _ = cut().await;
    let _ = refused().await;
    let said: Vec<String> = errors(&heard).into_iter().flatten().collect();
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(
        said[0].contains("::cut` timed out: its #[timeout] of 1s has passed"),
        "{said:?}"
    );
    assert_eq!(said[0], said[1]);
    assert!(
        said[2].starts_with("circuit `told.refused` is open"),
        "{said:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn it_is_cut_at_256_characters() {
    let _alone = alone().await;
    #[retry(max = 1)]
    async fn f(e: &str) -> Result<(), String> {
        Err(e.to_owned())
    }
    let heard = Heard::new();
    for text in ["x".repeat(256), "ü".repeat(257), "🦀é".repeat(5_000)] {
        let _ = f(&text).await;
        let said = errors(&heard).pop().unwrap().unwrap();
        assert_eq!(said, text.chars().take(256).collect::<String>());
    }
}

/// An error that counts how often it is shown, and may do worse.
struct Counting<'a> {
    shown: &'a AtomicU32,
    panics: bool,
}
impl fmt::Display for Counting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shown.fetch_add(1, Relaxed);
        assert!(!self.panics, "the user's own");
        f.write_str("shown")
    }
}

#[retry(max = 3, base = 1ms)]
async fn counting(shown: &AtomicU32, panics: bool) -> Result<(), Counting<'_>> {
    Err(Counting { shown, panics })
}

#[tokio::test(start_paused = true)]
async fn it_is_formatted_only_where_somebody_listens() {
    let _alone = alone().await;
    let shown = AtomicU32::new(0);
    let _ = counting(&shown, false).await;
    assert_eq!(shown.load(Relaxed), 0, "nobody listens");
    let heard = Heard::new();
    let _ = counting(&shown, false).await;
    assert_eq!(shown.load(Relaxed), 3, "once an event");
    drop(heard);
    let _ = counting(&shown, false).await;
    assert_eq!(shown.load(Relaxed), 3, "nobody any more");
    // A trace hears of what is inside it, and of nothing beside it.
    let (_, report) = resil::trace(counting(&shown, false)).await;
    assert_eq!(
        (shown.load(Relaxed), report.error.as_deref()),
        (6, Some("shown"))
    );
    let other = resil::trace(tokio::time::sleep(Duration::from_secs(9)));
    let _ = tokio::join!(other, counting(&shown, false));
    assert_eq!(shown.load(Relaxed), 6);
}

#[tokio::test(start_paused = true)]
async fn a_display_that_panics_breaks_nothing() {
    let _alone = alone().await;
    let shown = AtomicU32::new(0);
    let heard = Heard::new();
    assert!(counting(&shown, true).await.is_err());
    assert_eq!(shown.load(Relaxed), 3);
    assert_eq!(errors(&heard), [None, None, None]);
}
